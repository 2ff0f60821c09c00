"""What the settings say of notices, in one place for the actions and the sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from yiwang.kernel.settings import Settings
from yiwang.notices import rules
from yiwang.notices.addresses import Networks, networks
from yiwang.notices.errors import BadOutward
from yiwang.notices.keys import Keys
from yiwang.notices.model import IN_APP, MODES, OUTSIDE
from yiwang.notices.rules import Book


@dataclass(frozen=True)
class Policy:
    """The port of notices: rules, words, and how far each channel may go."""

    book: Book = field(default_factory=Book)
    modes: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(OUTSIDE, "rehearse"))
    language: str = "zh-CN"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    base: str = ""
    """What links begin with."""
    per_hour: int = 0
    private: Networks = ()
    keys: Keys = field(default_factory=Keys)

    def mode(self, channel: str) -> str:
        return "live" if channel == IN_APP else self.modes[channel]

    def signature(self, channel: str, recipient: str) -> str:
        """Of the link by which a recipient wants nothing more by a channel."""
        return self.keys.mark(f"unsubscribe|{channel}|{recipient}")

    def unsubscribe(self, channel: str, recipient: str) -> str:
        """The link that ends messages to a recipient."""
        signature = self.signature(channel, recipient)
        asked = {"channel": channel, "to": recipient, "signature": signature}
        return self.link(f"/api/notices/unsubscribe?{urlencode(asked)}")

    def link(self, path: str) -> str:
        return f"{self.base}{path}" if path and self.base else path


def read(settings: Settings, *, simulated: bool = False) -> Policy:
    """The policy of a home. A simulated platform sends nothing out. Raises BadOutward,
    BadNetworks, and what is wrong in city/notices.yaml."""
    chosen = modes(settings.outward, settings.outward_channels)
    if simulated:
        chosen = {name: "rehearse" if mode == "live" else mode for name, mode in chosen.items()}
    return Policy(
        rules.read(settings.home / "city" / "notices.yaml"),
        chosen,
        settings.language,
        ZoneInfo(settings.time_zone),
        (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/"),
        settings.notices_per_hour,
        networks(settings.webhook_networks),
        Keys(Path(settings.home) / "keys" / "notices.key"),
    )


def modes(outward: str, channels: str) -> dict[str, str]:
    """The mode of every channel from ``outward`` and ``email=off, webhook=live``."""
    if outward not in MODES:
        raise BadOutward("outward", value=outward, known=", ".join(MODES))
    found = dict.fromkeys(OUTSIDE, outward)
    for part in filter(None, (one.strip() for one in channels.split(","))):
        name, _, mode = (word.strip() for word in part.partition("="))
        if name not in OUTSIDE or mode not in MODES:
            known = f"{'|'.join(OUTSIDE)}={'|'.join(MODES)}"
            raise BadOutward("outward_channels", value=part, known=known)
        found[name] = mode
    return found
