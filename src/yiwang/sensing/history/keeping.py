"""What keeps history as it is declared: rolls observations up, then lets the old ones go.

Rolling up counts every observation once, in the order of their numbers; one that comes late is
added to its bucket. Observations go by whole days of the city, once every roll-up that their
kind declares has counted them. Up to which day they went is written down before they go.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from yiwang.contracts.observations import Ints
from yiwang.kernel.clock import DAY, MINUTE
from yiwang.sensing.columns import times
from yiwang.sensing.history import buckets, model, policy
from yiwang.sensing.history.buckets import Width
from yiwang.sensing.history.model import Groups, Merging, Values
from yiwang.sensing.history.policy import CityPolicies, Policy
from yiwang.sensing.history.rollups import Rollups
from yiwang.sensing.log import replace_file
from yiwang.sensing.observations import Observations
from yiwang.sensing.still import changing
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import datastreams, device_kinds, things
from yiwang.store.database import Database

LATE = 10 * MINUTE
"""A bucket is rolled up this long after its end; what comes later is added."""
FILE = "history.json"
_WANTED = frozenset({"sum", "least", "most", "last"})
_FOR_EVER = -model.NEVER


@dataclass(frozen=True)
class Declared:
    """The policies in force, by the number that ``of`` gives each datastream; 0 is none."""

    of: Ints
    names: tuple[str, ...]
    policies: tuple[Policy, ...]

    def widths(self) -> list[int]:
        return sorted({item.width for one in self.policies for item in one.rollups})

    def with_width(self, width: int) -> list[int]:
        """The policies that roll up by a width."""
        return [
            index
            for index, one in enumerate(self.policies)
            if any(item.width == width for item in one.rollups)
        ]


def in_force(connection: Connection, city: CityPolicies) -> dict[str, Mapping[str, Policy]]:
    """The policy of each property of each kind of device."""
    found: dict[str, Mapping[str, Policy]] = {}
    chosen = select(device_kinds.c.kind, device_kinds.c.declared).order_by(device_kinds.c.kind)
    for kind, declared in connection.execute(chosen):
        found[kind] = {
            item["name"]: city.of(kind, item["name"], policy.stated(item.get("history")))
            for item in declared["properties"]
        }
    return found


class _Horizons(msgspec.Struct):
    gone: dict[str, int] = {}


def horizons(folder: Path) -> dict[str, int]:
    """By ``kind/property``: before which instant observations are gone."""
    file = folder / FILE
    content = file.read_bytes() if file.is_file() else b"{}"
    return msgspec.json.decode(content, type=_Horizons).gone


class Keeping:
    """Serves one home. ``round`` is called by one thread; the rest by any."""

    def __init__(
        self,
        observations: Observations,
        rollups: Rollups,
        database: Database,
        city: CityPolicies,
        folder: Path,
    ) -> None:
        self._observations = observations
        self.rollups = rollups
        self._database = database
        self._city = city
        self._folder = folder
        self._file = folder / FILE
        self._gone = horizons(folder)
        self._done: dict[int, int] = {}
        self._day = 0
        self._lock = threading.Lock()

    def declared(self, connection: Connection) -> Declared:
        """What is in force for each datastream now."""
        of_kind = in_force(connection, self._city)
        chosen = select(datastreams.c.id, things.c.kind, datastreams.c.property)
        rows = fetch(connection, chosen.join(things, things.c.id == datastreams.c.thing))
        found: dict[tuple[str, str], int] = {}
        names, policies = [""], [policy.EVERYTHING]
        of = np.zeros(max((row[0] for row in rows), default=0) + 2, np.int64)
        for id_, kind, name in rows:
            key = (kind, name)
            if key not in found:
                one = of_kind.get(kind, {}).get(name, policy.EVERYTHING)
                found[key] = len(policies) if one != policy.EVERYTHING else 0
                if found[key]:
                    policies.append(one)
                    names.append(f"{kind}/{name}")
            of[id_] = found[key]
        return Declared(of, tuple(names), tuple(policies))

    @property
    def lets_go(self) -> bool:
        """Whether any observations are gone."""
        return bool(self._gone)

    def gone_before(self, declared: Declared) -> Ints:
        """Before which instant the observations of each datastream are gone."""
        by_policy = [self._gone.get(name, _FOR_EVER) for name in declared.names]
        found: Ints = np.array(by_policy, np.int64)[declared.of]
        return found

    def round(self, now: int, at_once: bool = False) -> None:
        """Whatever is due: widths with a bucket closed since the last round, and once a day
        what is past its time. ``at_once``: all of it, due or not."""
        with self._lock:
            day = self._day_of(now)
            idle = self._done and not any(self._due(now, width) for width in self._done)
            if idle and day == self._day and not at_once:
                return
            with self._database.read() as connection:
                kinds = in_force(connection, self._city).values()
                if all(one == policy.EVERYTHING for of in kinds for one in of.values()):
                    return
                declared = self.declared(connection)
            for width in declared.widths():
                if at_once or self._due(now, width):
                    if not self._roll(declared, width, now):
                        return
                    self._done[width] = self._bucket(now, width)
            if day != self._day or at_once:
                self._forget(declared, now)
                self._day = day

    def changed(self) -> None:
        """Kinds of device or datastreams changed: look at everything in the next round."""
        self._done = {}

    def _due(self, now: int, width: int) -> bool:
        return self._bucket(now, width) != self._done.get(width)

    def _bucket(self, now: int, width: int) -> int:
        found = buckets.starts(np.array([now - LATE]), Width(width), self.rollups.zone)
        return int(found[0])

    def _roll(self, declared: Declared, width: int, now: int) -> bool:
        """Count in what has come since; false where a backup holds the files still."""
        index = declared.with_width(width)
        mine = np.isin(np.arange(len(declared.policies)), index)[declared.of]
        wanted = _wanted(declared, width)
        gone = self.gone_before(declared)
        for number, parts in self._observations.numbered(self.rollups.counted(width)):
            merging = Merging()
            for rows in parts:
                groups = self._grouped(rows, mine, gone, width)
                if len(groups):
                    merging.add(groups)
            found = merging.result() or Groups(np.zeros((0, 2), np.int64), {})
            with changing(self._folder) as free:
                if not free:
                    return False
                self.rollups.add(width, found, wanted, number, now)
        return True

    def _grouped(self, rows: pa.Table, mine: Any, gone: Ints, width: int) -> Groups:
        rows = rows.combine_chunks()
        stream = rows.column("datastream").to_numpy().astype(np.int64)
        number = rows.column("number").to_numpy()
        time = times(rows.column("time"))
        inside = np.minimum(stream, len(mine) - 1)
        kept = np.flatnonzero(mine[inside] & (stream < len(mine)) & (time >= gone[inside]))
        stream, time, number = stream[kept], time[kept], number[kept]
        result = rows.column("result").to_numpy()[kept]
        start = buckets.starts(time, Width(width), self.rollups.zone)
        keys = np.column_stack((stream, start))
        value = Values(result, np.isfinite(result))
        return model.partial(keys, [value], [_WANTED], (time, number))

    def _forget(self, declared: Declared, now: int) -> None:
        """Let go what is past its time: observations, then roll-ups."""
        keeps = [one.keep for one in declared.policies]
        if any(keep is not None for keep in keeps):
            cuts = {
                name: self._day_of(now - keep)
                for name, keep in zip(declared.names, keeps, strict=True)
                if keep is not None
            }
            with changing(self._folder) as free:
                if not free:
                    return
                self._write_down(cuts)
            rolled = [self.rollups.counted(width) for width in declared.widths()]
            most = min(rolled, default=self._observations.next_number - 1)
            self._observations.forget(self.gone_before(declared), most)
        for width in declared.widths():
            keeps = [_rollup_keep(one, width) for one in declared.policies]
            cut = [_FOR_EVER if keep is None else now - keep - width for keep in keeps]
            with changing(self._folder) as free:
                if free:
                    kept_from: Ints = np.array(cut, np.int64)[declared.of]
                    self.rollups.forget(width, kept_from, now)

    def _day_of(self, time: int) -> int:
        return int(buckets.starts(np.array([time]), Width(DAY), self.rollups.zone)[0])

    def _write_down(self, cuts: Mapping[str, int]) -> None:
        gone = dict(self._gone)
        for name, cut in cuts.items():
            gone[name] = max(gone.get(name, _FOR_EVER), cut)
        if gone != self._gone:
            replace_file(self._file, msgspec.json.encode(_Horizons(gone)))
            self._gone = gone


def _wanted(declared: Declared, width: int) -> dict[str, Any]:
    """For each measure of a roll-up: which datastreams keep it."""
    found: dict[str, Any] = {}
    for measure in policy.MEASURES:
        kept = [
            any(item.width == width and measure in item.of for item in one.rollups)
            for one in declared.policies
        ]
        found[measure] = np.array(kept, np.bool_)[declared.of]
    return found


def _rollup_keep(one: Policy, width: int) -> int | None:
    return next((item.keep for item in one.rollups if item.width == width), None)
