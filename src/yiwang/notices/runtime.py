"""The running part of notices: the sender, the browsers that are told, and what is thrown away."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from yiwang.kernel.clock import DAY, HOUR, Clock
from yiwang.kernel.settings import Settings
from yiwang.notices import policy, store
from yiwang.notices.channels.email import Mail
from yiwang.notices.channels.port import Channel
from yiwang.notices.channels.sms import Texts
from yiwang.notices.channels.webhook import Webhooks
from yiwang.notices.model import EMAIL, SMS, WEBHOOK
from yiwang.notices.policy import Policy
from yiwang.notices.sender import Sender
from yiwang.security.actions import Context
from yiwang.security.relay import GATHERED, GATHERS_S, Consumer
from yiwang.store.database import Database
from yiwang.store.outbox import Delivery
from yiwang.web.live import Hub, Narrow

LIVE = "notice"
"""The kind of event that a browser hears when there is something new for its person."""
_PRUNE_EVERY = HOUR


class Notices:
    """Built once a platform. Raises what is wrong with the settings and with city/notices.yaml."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, hub: Hub, *, simulated: bool
    ) -> None:
        self.policy = policy.read(settings, simulated=simulated)
        channels: dict[str, Channel] = {
            WEBHOOK: Webhooks(self.policy.private),
            EMAIL: Mail(settings),
            SMS: Texts(settings),
        }
        self.sender = Sender(database, clock, self.policy, channels, random.random)
        self._database = database
        self._clock = clock
        self._hub = hub
        self._keep = settings.notices_days * DAY
        self._pruned = 0
        _narrow(hub)

    def ports(self) -> dict[type, Any]:
        return {Policy: self.policy}

    def consumer(self) -> Consumer:
        return Consumer(
            "notices.sent", ("notices.sent",), self._sent, GATHERS_S, GATHERED, reads=True
        )

    def start(self) -> None:
        self.sender.start()

    def stop(self) -> None:
        self.sender.stop()

    def _sent(self, ctx: Context, deliveries: list[Delivery]) -> None:
        self.sender.wake()
        users = sorted({user for one in deliveries for user in one.body["users"]})
        if users and self._hub.listeners:
            self._hub.publish(LIVE, {"users": users})

    def prune(self) -> None:
        """Now and then delete what ended long ago."""
        now = self._clock.now()
        if now < self._pruned + _PRUNE_EVERY:
            return
        self._pruned = now
        with self._database.write() as connection:
            while store.prune(connection, now - self._keep):
                pass


def _narrow(hub: Hub) -> None:
    """Nobody hears for whom else there is something new."""
    others = hub.narrowing

    def narrowing(ctx: Context) -> Narrow:
        inner, name = others(ctx), ctx.identity.name

        def narrow(kind: str, text: bytes) -> bytes | None:
            if kind == LIVE:
                return b"{}" if name in msgspec.json.decode(text)["users"] else None
            return text if inner is None else inner(kind, text)

        return narrow

    hub.narrowing = narrowing
