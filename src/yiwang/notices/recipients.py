"""Who a notice reaches and where, by what they prefer and what the registry knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from yiwang.notices import store
from yiwang.notices.model import CONFIRM, EMAIL, IN_APP, SMS, Notice, Quiet, Recipient, account
from yiwang.notices.store import Preferences
from yiwang.registry import cache
from yiwang.registry.model import Person
from yiwang.security import accounts
from yiwang.security.actions import Context

_HANDLERS = frozenset({"department_handler", "department_head"})


def holding(ctx: Context, role: str, organisation: int | None = None) -> list[Recipient]:
    """The accounts that have a role, of an organisation where one is given."""
    return [
        account(one.name)
        for one in accounts.list_users(ctx, organisation)
        if one.active and role in one.roles
    ]


def working_for(ctx: Context, organisation: int) -> list[Recipient]:
    """Who is told where nobody of an organisation is on duty: its handlers and heads, else
    everybody who has an account there, else those of the unit above it."""
    held = cache.by_number(ctx.connection, "organisations")
    unit: int | None = organisation
    asked = set[int]()
    while unit is not None and unit not in asked:
        mine = [one for one in accounts.list_users(ctx, unit) if one.active]
        if mine:
            handlers = [one for one in mine if _HANDLERS & set(one.roles)]
            return [account(one.name) for one in handlers or mine]
        asked.add(unit)
        unit = held[unit].parent if unit in held else None
    return []


@dataclass(frozen=True)
class Reach:
    """One way to one recipient."""

    channel: str
    key: str
    user: str = ""
    address: str = ""
    language: str = ""
    quiet: Quiet | None = None
    otherwise: tuple[tuple[str, str], ...] = ()
    """Channel and address of other ways, for where this one fails."""


class Directory:
    """What is known of the recipients of some notices, read with one statement."""

    def __init__(self, ctx: Context, notices: Sequence[Notice]) -> None:
        self._people: Mapping[int, Person] = cache.by_number(ctx.connection, "people")
        self._by_user = cache.by_user(ctx.connection)
        recipients = {one for notice in notices for one in notice.to}
        self._refused = store.refused(ctx.connection, recipients)
        self._preferences = store.preferences(ctx.connection, self._users(recipients))

    def _users(self, recipients: Iterable[Recipient]) -> set[str]:
        found = {self._account(one)[0] for one in recipients}
        return {name for name in found if name}

    def _account(self, one: Recipient) -> tuple[str, Person | None]:
        if one.kind == "user":
            return one.name, self._by_user.get(one.name)
        found = self._people.get(one.person) if one.kind == "person" else None
        return (found.user if found else "", found)

    def _wants(
        self,
        notice: Notice,
        user: str,
        mine: Preferences,
        channel: str,
        addresses: Mapping[str, str],
    ) -> bool:
        """Whether somebody takes messages by a channel; whoever has an account says so there, and
        an address that said no is asked only whether it is somebody's."""
        if user:
            return channel in mine.channels
        asks = notice.topic == CONFIRM
        return asks or (addresses[channel].lower(), channel) not in self._refused

    def reaches(self, notice: Notice, one: Recipient) -> Iterator[Reach]:
        """In the order of the notice's channels. Somebody without an account gets one message,
        by the first channel of these for which there is an address, by another only if that
        fails, and none where they want nothing by the first."""
        user, person = self._account(one)
        mine = self._preferences.get(user) or Preferences()
        key = f"user:{user}" if user else one.key
        language = mine.language or one.language
        addresses = {
            EMAIL: mine.email or one.email,
            SMS: mine.phone or one.phone or (person.phone if person else ""),
        }
        if user and IN_APP in notice.channels:
            yield Reach(IN_APP, key, user, "", language)
        ways = [(one, addresses[one]) for one in notice.channels if addresses.get(one)]
        for place, (channel, to) in enumerate(ways if user else ways[:1]):
            if self._wants(notice, user, mine, channel, addresses):
                others = () if user else tuple(ways[place + 1 :])
                yield Reach(channel, key, user, to, language, mine.quiet, others)
