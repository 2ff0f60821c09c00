"""The desk: cases loaded, changed in memory and written back with few statements.

Every change of a case goes through here, so that the row, its timeline, the counters and the
events cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from yiwang.cases import assessments, catalogue, handed, parts, store
from yiwang.cases.city import City
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.model import merging
from yiwang.cases.model.classes import OPEN_KINDS, CaseClass
from yiwang.cases.model.dispatch import Assignment, Reason, Wanted
from yiwang.cases.model.guards import Facts
from yiwang.cases.record import Begun, Record
from yiwang.cases.tables import SENSED, case_sources, case_timeline, cases
from yiwang.cases.timing import Timekeeper
from yiwang.contracts.events import CaseChanged, CaseOpened
from yiwang.security.actions import Context


class Desk:
    """One transaction's work on cases. ``flush`` writes it; nothing is written before."""

    @classmethod
    def last(cls, ctx: Context) -> Desk:
        """The desk that was written last in this action, for what shows its outcome; else a
        new one."""
        return cast(Desk, ctx.kept.get(cls) or cls(ctx))

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.city = City(ctx)
        self._versions = catalogue.Versions(ctx)
        self._records: dict[int, Record] = {}
        self._read: dict[int, tuple[store.Counted, tuple[Any, ...]]] = {}
        self._new: list[Record] = []
        self._changed: dict[int, Record] = {}
        self._lines: list[dict[str, Any]] = []
        self._sources: list[dict[str, Any]] = []
        self._marks: dict[str, list[tuple[int, int]]] = {"cleared_at": [], "withdrawn_at": []}
        self._by_key: dict[str, int] = {}
        self._by_cell: dict[str, set[int]] = defaultdict(set)
        self._numbers = store.Numbers(ctx.connection)
        self.begun: Begun | None = None
        """What was written last, where that was a single new case."""
        self._afterwards: list[Callable[[], None]] = []
        self.times = Timekeeper(self.city, self._versions.of)
        self.storms: dict[str, object] = {}
        """What the gathering of storms knows by cause, for as long as this transaction."""

    # Loading

    def load(self, numbers: Iterable[int]) -> None:
        wanted = [number for number in set(numbers) if number not in self._records]
        for record in store.many(self.ctx.connection, cases.c.no, sorted(wanted)):
            self._keep(record)

    def load_near(self, keys: Collection[str], cells: Collection[str]) -> None:
        """Open cases that sources with these keys or near these cells may belong to."""
        connection = self.ctx.connection
        self.load(store.numbers(connection, cases.c.merge_key, sorted(keys)))
        self.load(store.numbers(connection, cases.c.merge_cell, sorted(cells)))

    def _keep(self, record: Record) -> None:
        if record.no in self._records:
            return
        self._records[record.no] = record
        self._read[record.no] = (store.counted(record), record.row())
        self.times.know(record)
        self._index(record)

    def _index(self, record: Record) -> None:
        if record.merge_key is not None:
            self._by_key[record.merge_key] = record.no
        if record.merge_cell is not None:
            self._by_cell[record.merge_cell].add(record.no)

    def record(self, no: int) -> Record:
        """Raises NoSuchCase."""
        if no not in self._records:
            found = store.get(self.ctx.connection, no)
            if found is None:
                raise NoSuchCase(no=no)
            self._keep(found)
        return self._records[no]

    def class_of(self, record: Record) -> CaseClass:
        return self._versions.of(record.case_class)

    def wanted(self, record: Record) -> Wanted:
        """What the case asks of those who will handle it."""
        case_class = self.class_of(record)
        return Wanted(
            case_class.role,
            case_class.event,
            frozenset(case_class.skills),
            record.severity,
            record.grid,
            record.lon,
            record.lat,
        )

    def facts(self, record: Record) -> Facts:
        """What guards look at; parts and assessments are read only where there are any."""
        connection, now = self.ctx.connection, self.ctx.now
        joint = asked = frozenset[int]()
        if record.parts:
            rows = parts.of_case(connection, record.no)
            joint = frozenset(row.organisation for row in rows)
            asked = frozenset(row.organisation for row in rows if row.state == "open")
        assessed = False
        if record.assessments and record.closed_at is not None:
            who = self.ctx.identity.label
            assessed = assessments.given_by(connection, record.no, who, record.closed_at)
        return record.facts(now, joint, asked, assessed, self.joined(record))

    def joined(self, record: Record) -> bool:
        """Whether whoever is acting reported what came to a case that others opened."""
        identity = self.ctx.identity
        if record.sources < 2 or identity.kind not in ("user", "token") or not identity.name:
            return False
        if record.reporter == identity.name:
            return False
        return store.has_reporter(self.ctx.connection, record.no, identity.name)

    # Finding the case that a source belongs to

    def match(self, case_class: CaseClass, source: merging.Source) -> tuple[Record | None, Reason]:
        """The open case for a source, and why."""
        key = merging.key(case_class, source)
        if key is not None and key in self._by_key:
            return self._records[self._by_key[key]], Reason("same_key", {"key": key.split("|")[1]})
        near = [
            merging.OpenCase(one.no, one.one_per, one.lon, one.lat, one.last_source_at)
            for cell in merging.cells_around(case_class, source.lon, source.lat)
            for one in (self._records[no] for no in self._by_cell.get(cell, ()))
        ]
        found = merging.nearest(case_class, source, near)
        if found is None or source.lon is None or source.lat is None:
            return None, Reason("first_source")
        away = merging.distance_m(source.lon, source.lat, found.lon or 0.0, found.lat or 0.0)
        return self._records[found.no], Reason("near", {"metres": round(away)})

    def with_key(self, keys: Iterable[str]) -> Record | None:
        """The open case that has one of these keys, the first that is found."""
        wanted = list(keys)
        self.load_near(wanted, ())
        found = [self._records[self._by_key[key]] for key in wanted if key in self._by_key]
        return found[0] if found else None

    # Changing

    def open(
        self,
        class_number: int,
        case_class: CaseClass,
        source: merging.Source,
        severity: str,
        **values: Any,
    ) -> Record:
        """A new case in its class's first state; its clock runs from the source's time."""
        at = source.at
        record = Record(
            no=self._numbers.next(),
            case_class=class_number,
            class_code=case_class.code,
            severity=severity,
            state=case_class.machine.start,
            kind="new",
            opened_at=at,
            received_at=self.ctx.now,
            changed_at=at,
            last_source_at=at,
            lon=source.lon,
            lat=source.lat,
            one_per=source.one_per,
            merge_key=merging.key(case_class, source),
            merge_cell=merging.cell(case_class, source.lon, source.lat),
            **values,
        )
        self.times.start(record, at)
        self.times.enter(record, at)
        self._records[record.no] = record
        self._new.append(record)
        self._index(record)
        self.ctx.emit(CaseOpened(record.no, case_class.code, severity, at, source.lon, source.lat))
        return record

    def add_source(self, record: Record, at: int, kind: str, **values: Any) -> dict[str, Any]:
        """Returns the row as it will be written."""
        record.sources += 1
        record.valid_sources += 1
        record.findings += kind in SENSED
        record.live_findings += kind in SENSED
        record.last_source_at = max(record.last_source_at, at)
        self.keep(record)
        blank: dict[str, Any] = {
            "finding": None,
            "trouble": None,
            "finding_key": "",
            "rule": "",
            "cleared_at": None,
            "withdrawn_at": None,
            "reporter": "",
            "text": "",
            "lon": None,
            "lat": None,
            "thing": None,
            "how": {},
            "values": {},
            "actor": self.ctx.identity.label,
        }
        row = {"case": record.no, "came_to": record.no, "kind": kind, "at": at}
        written = blank | row | values
        self._sources.append(written)
        return written

    def mark_source(self, source: int, column: str, at: int) -> None:
        self._marks[column].append((source, at))

    def move(self, record: Record, state: str, at: int) -> None:
        """Bring a case into a state of its class: kind, clock and merge keys follow."""
        kind = self.class_of(record).machine.kind(state)
        if record.due_at is not None and at > record.due_at and record.open:
            record.overdue = True
        was_open = record.open
        if record.kind == "waiting":
            record.resume_at = None
        record.enter(state, kind)
        self.times.run(record, at, kind in ("new", "working"))
        self.times.enter(record, at)
        if kind in OPEN_KINDS:
            self.times.settle(record)
            record.closed_at = None
        else:
            record.closed_at = at if was_open else record.closed_at
            self._end(record, at)
        if record.handed_on and was_open != record.open:
            handed.mark(self.ctx.connection, record)
        self.keep(record)

    def _end(self, record: Record, at: int) -> None:
        """Nobody waits any longer for what belongs to a case that is over."""
        record.answer_by = record.extension_asked = record.resume_at = None
        if record.open_parts:
            by = self.ctx.identity.label
            parts.end(self.ctx.connection, record.no, "dropped", at, by)
            record.open_parts = 0
        self._forget(record)

    def restart_clock(self, record: Record, at: int) -> None:
        """A reopened case has its whole time again."""
        self.times.restart(record, at)
        self.keep(record)

    def set_deadline(self, record: Record, due_at: int, at: int) -> None:
        """A deadline that was given, whatever the class says. Raises nothing: one that has
        passed is over at once."""
        self.times.give(record, due_at, at)
        self.keep(record)

    def change_limit(self, record: Record, at: int) -> None:
        """Class, severity or area changed: the new limit, with the time used so far and what
        was granted."""
        self.times.change(record, at)
        self.keep(record)

    def extend(self, record: Record, minutes: int, at: int) -> None:
        """More time was granted."""
        self.times.extend(record, minutes, at)
        self.keep(record)

    def assign(self, record: Record, found: Assignment, at: int) -> None:
        record.organisation = found.organisation
        record.handler = found.handler
        record.handler_name = found.handler_name
        record.dispatch = [{"code": one.code, "fields": dict(one.fields)} for one in found.reasons]
        record.dispatched_at = at
        self.keep(record)

    def line(
        self,
        record: Record,
        step: str,
        at: int,
        *,
        reason: str = "",
        text: str = "",
        photos: Sequence[str] = (),
        actor: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a step into the timeline and announce it."""
        self.keep(record)
        record.changed_at = max(record.changed_at, at)
        self._lines.append(
            {
                "case": record.no,
                "at": at,
                "recorded_at": self.ctx.now,
                "step": step,
                "actor": actor or self.ctx.identity.label,
                "state": record.state,
                "reason": reason,
                "text": text,
                "photos": list(photos),
                "details": dict(details or {}),
            }
        )
        if step != "opened":
            self.ctx.emit(CaseChanged(record.no, step, record.state, record.kind, at))

    def claim_keys(self, record: Record) -> None:
        """A case that is open again may be merged into, unless another took its key."""
        case_class = self.class_of(record)
        source = merging.Source(
            record.class_code, record.last_source_at, record.lon, record.lat, record.one_per
        )
        key = merging.key(case_class, source)
        if key is not None:
            self.load_near([key], [])
            record.merge_key = None if key in self._by_key else key
        record.merge_cell = merging.cell(case_class, record.lon, record.lat)
        self._index(record)
        self.keep(record)

    def keep(self, record: Record) -> None:
        """Remember that a record was changed."""
        if record.no in self._read:
            self._changed[record.no] = record

    def _forget(self, record: Record) -> None:
        if record.merge_key is not None and self._by_key.get(record.merge_key) == record.no:
            del self._by_key[record.merge_key]
        if record.merge_cell is not None:
            self._by_cell[record.merge_cell].discard(record.no)
        record.merge_key = None
        record.merge_cell = None

    # Writing

    def afterwards(self, write: Callable[[], None]) -> None:
        """Write something that refers to a new case, as soon as that is written."""
        self._afterwards.append(write)

    def flush(self) -> None:
        """Write everything. Raises ChangedMeanwhile when a case was changed by another
        process since it was read; then nothing of this transaction stays."""
        connection = self.ctx.connection
        counts = store.Counts()
        for record in self._new:
            record.watch_at = record.look_next()
            counts.add(store.counted(record), 1)
        changed = []
        for no, record in self._changed.items():
            before, was = self._read[no]
            record.version += 1
            record.watch_at = record.look_next()
            counts.add(before, -1)
            counts.add(store.counted(record), 1)
            changed.append((record, was))
        store.update_cases(connection, changed)
        store.insert_cases(connection, self._new)
        store.insert_rows(connection, case_timeline, self._lines)
        store.insert_rows(connection, case_sources, self._sources)
        self.begun = None
        if len(self._new) == 1:
            self.begun = Begun(self._new[0].no, [*self._lines], [*self._sources])
        for column, marks in self._marks.items():
            store.mark_sources(connection, column, marks)
        counts.write(connection)
        self._numbers.write()
        for write in self._afterwards:
            write()
        self._settle()
        self.ctx.kept[Desk] = self

    def _settle(self) -> None:
        """What was written is now what was read."""
        for record in (*self._new, *self._changed.values()):
            self._read[record.no] = (store.counted(record), record.row())
        self._new.clear()
        self._changed.clear()
        self._lines.clear()
        self._afterwards.clear()
        self._sources.clear()
        for marks in self._marks.values():
            marks.clear()
