"""Observations on their way from HTTP into the intake.

The path of one observation is short: decoded once, handed to the buffer, answered when it is
durable. Permissions and features of interest are asked of the database once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
import numpy as np

from yiwang.contracts.observations import Incoming, Rejected
from yiwang.security.actions import Caller
from yiwang.security.model import Identity, system
from yiwang.sensing import errors
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.sta import features, payload, runs, service, settling
from yiwang.sensing.sta.errors import BadReference, BadValue, MissingProperty, StaError
from yiwang.sensing.sta.features import Target
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.runs import Run
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST, OBSERVATION
from yiwang.web import calls

R = TypeVar("R")

SOURCE = "http"
_TICKET_S = 10.0
_MOST_REMEMBERED = 500_000
_LARGE = 16 * 1024
"""Bytes from which a body is decoded in a thread."""
_FEW = 4
"""New datastreams up to which their neighbours are learned with them."""


@dataclass
class Ticket:
    """That somebody may write, until when, and for which things (None: all)."""

    until: float
    things: frozenset[int] | None = None
    owned: dict[int, bool] = field(default_factory=dict)


@dataclass
class Rows:
    """Observations to be stored together; ``wrong`` are those that cannot be, by place."""

    observations: list[Observation | None] = field(default_factory=list)
    wrong: list[Rejected] = field(default_factory=list)

    def refuse(self, reason: str, raw: bytes, where: str) -> None:
        self.observations.append(None)
        self.wrong.append(Rejected(reason, raw, where))


@dataclass(frozen=True)
class Below:
    """What the address of a request settles of an observation."""

    datastream: int | None = None
    multi: bool = False
    feature: int | None = None

    def settle(self, made: Observation) -> int:
        """Give it to an observation; returns its datastream. Raises MissingProperty."""
        if self.datastream is not None:
            made.datastream, made.multi = self.datastream, self.multi
        if self.feature is not None:
            made.feature = self.feature
        if made.datastream is None:
            raise MissingProperty("Datastream", name="Datastream", entity=OBSERVATION.name)
        return made.datastream


class Writing:
    """One for each app; belongs to its event loop."""

    def __init__(self) -> None:
        self._tickets: dict[Identity, Ticket] = {}
        self._targets: dict[int, Target] = {}
        self._known_features: set[int] = set()
        self._generation = 0

    def moved(self) -> None:
        """Entities changed: ask again which feature is right, and whether it exists. What is
        being asked at this moment goes into what is remembered no longer."""
        self._targets = {}
        self._known_features = set()

    async def one(self, caller: Caller, content: bytes, below: Below = Below()) -> int:
        """Store one observation; returns its id when it is durable.

        ``below``: what the address of the request says. Raises a Refused error
        of sensing, StaError, Denied; all but the last are in the ledger.
        """
        ticket = await self._ticket(caller)
        buffer: Buffer = caller.ports[Buffer]
        try:
            made = payload.decode(content, caller.clock.now())
            stream = below.settle(made)
            if ticket.things is not None and not await self._owns(caller, ticket, stream):
                raise errors.NotAllowedToWrite("Observations", target=f"Datastreams({stream})")
            target = self._targets.get(stream)
            if target is None or target.feature is None or self._is_outdated(caller):
                target = (await self._learn(caller, [stream])).get(stream)
            if target is None or target.multi is not made.multi:
                raise refused(errors.UnknownDatastream.code, stream)
            named = await self._named(caller, made)
            if named is None:
                named = settling.usual(target)
        except errors.Refused as error:
            await (await buffer.reject(SOURCE, error.code, content, f"Datastreams({stream})"))
            raise
        except StaError:
            await (await buffer.reject(SOURCE, errors.Undecodable.code, content, "Observations"))
            raise
        extra = made.extra_text(named)
        future = await buffer.put(
            SOURCE, stream, made.time, made.result, made.exact, extra, content
        )
        outcome = await future
        if outcome.number > 0:
            return outcome.number
        if outcome.rejected:
            raise refused(outcome.reason, stream)
        incoming = _incoming([made], [stream], [extra], caller.clock.now())
        return (await calls.run(service.find_repeated, _system(caller), incoming, [0]))[0]

    async def arrays(self, caller: Caller, content: bytes) -> list[int]:
        """Store data arrays; for each row the observation's id, -1 where it was refused."""
        ticket = await self._ticket(caller)
        buffer: Buffer = caller.ports[Buffer]
        now = caller.clock.now()
        try:
            decode = _at_once if len(content) < _LARGE else calls.run
            plain = await decode(runs.decode, content)
            answers = None if plain is None else await self._plain(caller, ticket, plain)
            if answers is not None:
                return answers
            rows = await decode(_decoded, content, now)
        except StaError:
            reason = errors.Undecodable.code
            await (await buffer.reject(SOURCE, reason, content, "CreateObservations"))
            raise
        await self._bound(caller, ticket, rows)
        await self._check_features(caller, rows)
        return await self.store(caller, rows)

    async def store(self, caller: Caller, rows: Rows) -> list[int]:
        """Store decoded rows in one batch; as ``arrays``."""
        await self._aim(caller, rows)
        places = [place for place, made in enumerate(rows.observations) if made is not None]
        kept = [made for made in rows.observations if made is not None]
        streams = [made.datastream or 0 for made in kept]
        extras = [
            made.extra_text(made.feature if isinstance(made.feature, int) else None)
            for made in kept
        ]
        incoming = _incoming(kept, streams, extras, caller.clock.now())
        numbers = await self._put(caller, replace(incoming, rejected=rows.wrong))
        answers = [-1] * len(rows.observations)
        for place, number in zip(places, numbers, strict=True):
            answers[place] = number
        return answers

    async def _plain(
        self, caller: Caller, ticket: Ticket, found: Sequence[Run]
    ) -> list[int] | None:
        """Store data arrays that were decoded as columns. None, and nothing is stored, where
        some of their rows have to be refused before the intake sees them."""
        streams = sorted({run.datastream for run in found})
        if ticket.things is not None:
            await self._learn_owned(caller, ticket, streams)
            if not all(ticket.owned[stream] for stream in streams):
                return None
        targets = await self._learn(caller, streams)
        if len(targets) < len(streams) or any(target.multi for target in targets.values()):
            return None
        try:
            features = {stream: settling.usual(targets[stream]) for stream in streams}
        except MissingProperty:
            return None
        now = caller.clock.now()
        return await self._put(caller, runs.incoming(found, features, SOURCE, now))

    async def _put(self, caller: Caller, incoming: Incoming) -> list[int]:
        """Store rows; for each the id of the observation, -1 where it was refused."""
        receipt = await (await caller.ports[Buffer].put_batch(incoming))
        numbers: list[int] = receipt.numbers.tolist()
        repeated = [row for row, number in enumerate(numbers) if number == 0]
        if repeated:
            found = await calls.run(service.find_repeated, _system(caller), incoming, repeated)
            for row, number in found.items():
                numbers[row] = number
        return numbers

    async def _ticket(self, caller: Caller) -> Ticket:
        now = caller.clock.monotonic()
        ticket = self._tickets.get(caller.identity)
        if ticket is not None and ticket.until > now:
            return ticket
        things: frozenset[int] | None = None
        if caller.identity.kind == "device":
            things = await calls.run(service.writable_things, caller)
        else:
            await calls.run(service.may_write, caller)
        if len(self._tickets) >= _MOST_REMEMBERED:
            self._tickets.clear()
        ticket = self._tickets[caller.identity] = Ticket(now + _TICKET_S, things)
        return ticket

    async def _owns(self, caller: Caller, ticket: Ticket, datastream: int) -> bool:
        await self._learn_owned(caller, ticket, [datastream])
        return ticket.owned[datastream]

    async def _learn_owned(
        self, caller: Caller, ticket: Ticket, datastreams: Sequence[int]
    ) -> None:
        unknown = [stream for stream in datastreams if stream not in ticket.owned]
        if unknown:
            things = await calls.run(service.things_of_datastreams, caller, unknown)
            for stream in unknown:
                ticket.owned[stream] = things.get(stream) in (ticket.things or ())

    async def _bound(self, caller: Caller, ticket: Ticket, rows: Rows) -> None:
        """Refuse the rows of things that are not the device's own."""
        if ticket.things is None:
            return
        streams = {made.datastream or 0 for made in rows.observations if made is not None}
        await self._learn_owned(caller, ticket, sorted(streams))
        for place, made in enumerate(rows.observations):
            if made is not None and not ticket.owned[made.datastream or 0]:
                rows.observations[place] = None
                where = f"Datastreams({made.datastream}), row {place + 1}"
                rows.wrong.append(Rejected(errors.NotAllowedToWrite.code, _raw(made), where))

    async def _aim(self, caller: Caller, rows: Rows) -> None:
        """Refuse the rows that go nowhere, and give the others their feature of interest."""
        streams = {made.datastream or 0 for made in rows.observations if made is not None}
        targets = await self._learn(caller, sorted(streams))
        for place, made in enumerate(rows.observations):
            if made is None:
                continue
            target = targets.get(made.datastream or 0)
            where = f"Datastreams({made.datastream}), row {place + 1}"
            reason = ""
            if target is None or target.multi is not made.multi:
                reason = errors.UnknownDatastream.code
            elif made.feature is None:
                try:
                    made.feature = settling.usual(target)
                except MissingProperty:
                    reason = errors.Undecodable.code
            if reason:
                rows.observations[place] = None
                rows.wrong.append(Rejected(reason, _raw(made), where))

    async def _check_features(self, caller: Caller, rows: Rows) -> None:
        """Refuse the rows that name a feature of interest that does not exist."""
        made = [made for made in rows.observations if made is not None]
        named = {item.feature for item in made if isinstance(item.feature, int)}
        missing = await self._missing(caller, named)
        for place, item in enumerate(rows.observations):
            if item is not None and item.feature in missing:
                rows.observations[place] = None
                where = f"FeaturesOfInterest({item.feature}), row {place + 1}"
                rows.wrong.append(Rejected(errors.Undecodable.code, _raw(item), where))

    async def _missing(self, caller: Caller, named: set[int]) -> set[int]:
        new = named - self._known_features
        if not new:
            return new
        missing = await calls.run(service.unknown_features, _system(caller), sorted(new))
        if len(self._known_features) > _MOST_REMEMBERED:
            self._known_features.clear()
        self._known_features |= new - missing
        return missing

    async def _named(self, caller: Caller, made: Observation) -> int | None:
        """The id of the feature an observation names; one that it brings is created, unless
        the observation would be refused."""
        feature = made.feature
        if isinstance(feature, dict):
            return await calls.run(settling.settle_one, caller, made)
        if feature is not None and await self._missing(caller, {feature}):
            where = "FeatureOfInterest"
            raise BadReference(where, entity=FEATURE_OF_INTEREST.name, id=feature)
        return feature

    def _is_outdated(self, caller: Caller) -> bool:
        """Whether devices changed elsewhere since what is remembered was read."""
        sensing: Sensing | None = caller.ports.get(Sensing)
        return sensing is not None and sensing.generation != self._generation

    async def _learn(self, caller: Caller, datastreams: Sequence[int]) -> dict[int, Target]:
        """What is known of some datastreams; of those that do not exist, nothing."""
        if self._is_outdated(caller):
            self._generation = caller.ports[Sensing].generation
            self.moved()
        as_system = _system(caller)
        known = self._targets
        new = [stream for stream in datastreams if stream not in known]
        if 0 < len(new) <= _FEW:
            for stream in new:
                if stream not in known:
                    known |= await calls.run(features.find_neighbours, as_system, stream)
        elif new:
            known |= await calls.run(features.find_targets, as_system, new)
        found = {stream: known[stream] for stream in datastreams if stream in known}
        missing = [stream for stream, target in found.items() if target.feature is None]
        if missing:
            await calls.run(features.make_features, as_system, missing)
            made = await calls.run(features.find_targets, as_system, missing)
            known |= made
            found |= made
        if len(known) > _MOST_REMEMBERED:
            self.moved()
        return found


def refused(reason: str, datastream: int) -> errors.Refused:
    """The error for a row that the intake did not take."""
    kind = errors.REASONS.get(reason, errors.Refused)
    return kind(f"Datastreams({datastream})", datastream=datastream)


async def _at_once(function: Callable[..., R], *args: Any) -> R:
    """As ``calls.run``, without another thread."""
    return function(*args)


def _decoded(content: bytes, now: int) -> Rows:
    rows = Rows()
    for array in payload.decode_arrays(content):
        stream, multi = array.stream, array.MultiDatastream is not None
        for index, made in enumerate(payload.rows(array, now)):
            if isinstance(made, BadValue):
                raw = msgspec.json.encode(array.dataArray[index])
                where = f"Datastreams({stream}), row {index + 1}"
                rows.refuse(errors.Undecodable.code, raw, where)
            else:
                made.datastream, made.multi = stream, multi
                rows.observations.append(made)
    return rows


def _incoming(
    made: Sequence[Observation], streams: Sequence[int], extras: Sequence[str | None], now: int
) -> Incoming:
    exact = [item.exact for item in made]
    return Incoming(
        SOURCE,
        np.array(streams, np.int64),
        np.array([item.time for item in made], np.int64),
        np.array([item.result for item in made], np.float64),
        now,
        exact if any(text is not None for text in exact) else None,
        extras if any(text is not None for text in extras) else None,
    )


def _raw(made: Observation) -> bytes:
    shown = made.exact if made.exact is not None else payload.shown(made.result)
    return f'{{"datastream":{made.datastream},"time":{made.time},"result":{shown}}}'.encode()


def _system(caller: Caller) -> Caller:
    """The platform itself, which asks on behalf of somebody who may write but not read."""
    return replace(caller, identity=system("sensing"))
