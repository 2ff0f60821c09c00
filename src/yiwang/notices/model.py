"""What leaves the system, as pure logic: keys, retries, quiet hours, limits, circuits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from fnmatch import fnmatchcase
from typing import Any

from yiwang.kernel import clock
from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND

IN_APP, WEBHOOK, EMAIL, SMS = "in_app", "webhook", "email", "sms"
CHANNELS = (IN_APP, WEBHOOK, EMAIL, SMS)
OUTSIDE = (WEBHOOK, EMAIL, SMS)
"""Channels that leave the system; ``outward`` says whether they may."""
PERSONAL = (EMAIL, SMS)
"""Channels with quiet hours and a limit for each recipient."""

MODES = ("off", "rehearse", "live")

WAITING, SENDING = "waiting", "sending"
DELIVERED, FAILED, REHEARSED, SUPPRESSED = "delivered", "failed", "rehearsed", "suppressed"
STATES = (WAITING, SENDING, DELIVERED, FAILED, REHEARSED, SUPPRESSED)

TRIED_FOR = 3 * DAY
"""After this long a message that nobody took has failed."""
_FIRST_WAIT = 10 * SECOND
_LONGEST_WAIT = 6 * HOUR

OPENS_AFTER = 5
"""Failures in a row after which an endpoint is left in peace."""
_FIRST_PAUSE = 5 * MINUTE

CONFIRM = "notices.confirm"
"""The topic of the code that asks an address whose it is."""
FILTERS = ("case_class", "area", "organisation", "severity", "kind")
"""By what a webhook may be narrowed. Empty or absent: not narrowed."""


@dataclass(frozen=True)
class Recipient:
    """Who is told. ``kind``: ``user`` (an account), ``person`` (of the registry, by number) or
    ``address`` (somebody without an account, known by an e-mail address or a phone number)."""

    kind: str
    name: str = ""
    person: int = 0
    email: str = ""
    phone: str = ""
    language: str = ""

    @property
    def key(self) -> str:
        """The same for the same recipient, whatever channel is used."""
        if self.kind == "user":
            return f"user:{self.name}"
        if self.kind == "person":
            return f"person:{self.person}"
        return f"address:{self.email.lower() or self.phone}"


def account(name: str) -> Recipient:
    return Recipient("user", name=name)


def person(number: int) -> Recipient:
    return Recipient("person", person=number)


def address(email: str = "", phone: str = "", language: str = "") -> Recipient:
    return Recipient("address", email=email, phone=phone, language=language)


@dataclass(frozen=True)
class Notice:
    """One thing to tell some people.

    ``event`` is the same for the same happening, however often it is sent: with recipient and
    channel it is the key under which a notice exists once. ``about`` is what it is about
    (``case:812``). ``template`` is a key of texts with ``subject``, ``text`` and ``short`` (for
    SMS): a name of the rules' templates, or ``<package>.<entry>`` of a package's own. A value of
    ``fields`` is a text, a number, ``{"zh-CN": …, "en": …}``, or ``{"at": microseconds}``.
    ``urgent`` ignores quiet hours and limits. ``path`` is a page of the console.
    """

    event: str
    topic: str
    about: str
    template: str
    fields: Mapping[str, Any]
    to: Sequence[Recipient]
    channels: Sequence[str] = (IN_APP,)
    urgent: bool = False
    path: str = ""


@dataclass(frozen=True)
class Happened:
    """An event for other systems: ``data`` is what they get, ``facets`` what subscriptions
    filter by (``FILTERS``), each with every value that counts (an area and those above it)."""

    event: str
    topic: str
    about: str
    at: int
    data: Mapping[str, Any]
    facets: Mapping[str, Collection[Any]] = field(default_factory=dict)


def key(event: str, recipient: str, channel: str) -> str:
    """Names a notice: once per event, recipient and channel. Receivers get it as its id."""
    return hashlib.sha256(f"{event}\n{recipient}\n{channel}".encode()).hexdigest()[:40]


def limited_by(channel: str, recipient: str) -> str:
    """Under what the messages to a recipient by a channel are counted."""
    return f"{channel} {recipient}"[:220]


def retry_at(now: int, attempts: int, share: float) -> int:
    """When to try again after so many attempts: four times as long each time, up to six hours,
    and by a ``share`` (0 to 1, drawn by the caller) between half and one and a half of that."""
    wait = min(_FIRST_WAIT * 4 ** min(attempts - 1, 10), _LONGEST_WAIT)
    return now + int(wait * (0.5 + share))


@dataclass(frozen=True)
class Quiet:
    """Minutes of the day from which and until which somebody is not to be disturbed; over
    midnight where it ends before it begins."""

    starts: int
    ends: int

    def until(self, now: int, zone: tzinfo) -> int | None:
        """When the quiet time ends in which ``now`` lies; None outside of it."""
        local = clock.to_datetime(now).astimezone(zone)
        minute = local.hour * 60 + local.minute
        if self.starts <= self.ends:
            inside, later = self.starts <= minute < self.ends, False
        else:
            inside, later = minute >= self.starts or minute < self.ends, minute >= self.starts
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if later else 0)
        ends = datetime.combine(day, time(self.ends // 60 % 24, self.ends % 60), zone)
        return clock.from_datetime(ends + timedelta(days=1 if self.ends == 24 * 60 else 0))


def allowance(limit: int, sent: Sequence[int], now: int) -> int:
    """How many more somebody may get now, with those ``sent`` (instants) within the last hour;
    a limit of 0 is none."""
    if limit == 0:
        return 1_000_000
    return max(0, limit - sum(1 for at in sent if at > now - HOUR))


@dataclass(frozen=True)
class Circuit:
    """What is known of an endpoint: failures in a row, and until when it is left in peace."""

    failures: int = 0
    paused_until: int | None = None

    def after(self, good: bool, now: int) -> Circuit:
        if good:
            return Circuit()
        failures = self.failures + 1
        if failures < OPENS_AFTER:
            return Circuit(failures)
        pause = min(_FIRST_PAUSE * 2 ** min(failures - OPENS_AFTER, 10), _LONGEST_WAIT)
        return Circuit(failures, now + pause)

    def rests(self, now: int) -> bool:
        return self.paused_until is not None and self.paused_until > now


def wanted(
    topics: Collection[str],
    narrowed: Mapping[str, Collection[Any]],
    topic: str,
    facets: Mapping[str, Collection[Any]],
) -> bool:
    """Whether a subscription (topic patterns such as ``case.*``, and filters) takes an event."""
    if not any(fnmatchcase(topic, pattern) for pattern in topics):
        return False
    return all(
        not values or set(values) & set(facets.get(name, ())) for name, values in narrowed.items()
    )


def wait_for(limits: Sequence[tuple[int, int]], instants: Sequence[int], now: int) -> int:
    """How long to wait until once more is within every limit (how often, within how long); 0:
    not at all. ``instants`` are those of the past, the oldest first."""
    waits = [0]
    for most, within in limits:
        if len(instants) >= most:
            waits.append(instants[-most] + within - now)
    return max(waits)


def masked(text: str) -> str:
    """An e-mail address or phone number as it may be shown to those who look after sending."""
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 9 else "****" if text else ""
