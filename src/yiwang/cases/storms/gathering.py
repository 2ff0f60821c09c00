"""Cases that have just begun find their storm, at the desk where they were opened.

A storm costs nothing where no class has one; else a look into the last minutes of its cause for
each transaction, however many cases begin in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.cases import catalogue
from yiwang.cases.actions import flow
from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass, StormRule
from yiwang.cases.record import Record
from yiwang.cases.storms import store
from yiwang.cases.storms.model import Gathering, Loose, Member, take

_EARLIER = ("street", "place", "near")
"""What is known of a case before anybody is responsible for it."""


class _Cause:
    """The storms and loose cases of one cause, as one transaction sees them."""

    def __init__(self, desk: Desk, case_class: CaseClass, at: int) -> None:
        self._desk = desk
        self.name = case_class.cause
        classes = _classes(desk, case_class)
        self.rule = classes[0].storm or StormRule(2, 0)
        self._codes = [one.code for one in classes]
        self._low = self._high = at
        self.storms: dict[int, Gathering] = {}
        self._written: dict[int, int] = {}
        self.loose = Loose(self.rule)
        self._look(at - self.rule.within, at + self.rule.within)

    def reach(self, at: int) -> None:
        """Know the time around an instant."""
        low, high = at - self.rule.within, at + self.rule.within
        if low < self._low:
            self._look(low, self._low)
        if high > self._high:
            self._look(self._high, high)

    def _look(self, low: int, high: int) -> None:
        self._low, self._high = min(low, self._low), max(high, self._high)
        connection = self._desk.ctx.connection
        for row in store.gathering(connection, self.name, low, high):
            if row.id not in self.storms:
                lead = Member(row.lead, row.first_at, row.shared, row.lon, row.lat)
                storm = Gathering(row.id, lead, row.first_at, row.last_at, row.members)
                self.keep(storm, row.members)
        numbers = store.loose(connection, self._codes, low, high)
        self._desk.load([*numbers, *(each.lead.no for each in self.storms.values())])
        for no in numbers:
            self.know(self._desk.record(no))

    def keep(self, storm: Gathering, written: int) -> None:
        self.storms[storm.id] = storm
        self._written[storm.id] = written

    def know(self, record: Record) -> None:
        if self.still_loose(record.no):
            self.loose.add(_member(self._desk, self.rule, record))

    def still_loose(self, no: int) -> bool:
        record = self._desk.record(no)
        return record.open and record.storm is None

    def write(self) -> None:
        """What came to storms since they were read."""
        for storm in self.storms.values():
            more = storm.members - self._written[storm.id]
            if more:
                store.grow(self._desk.ctx.connection, storm, more)
                self._written[storm.id] = storm.members

    def going_on(self) -> Sequence[Gathering]:
        """Storms whose lead is still at work: what comes to them goes where it is."""
        record = self._desk.record
        return [each for each in self.storms.values() if record(each.lead.no).open]


def opened(desk: Desk, record: Record, at: int, automatic: bool, channel: str = "") -> bool:
    """What follows when a case was opened: it joins a storm and goes where the storm is, or is
    dispatched as its class says; enough of them make a storm. Returns whether another case
    leads it, so that nobody need look where it belongs."""
    case_class = desk.class_of(record)
    rule = case_class.storm
    if rule is not None and rule.by in _EARLIER and _gathered(desk, record, case_class, at):
        _follow(desk, record, at, automatic)
        return True
    if automatic:
        flow.dispatch(desk, record, at, channel=channel)
    if rule is not None and rule.by not in _EARLIER and record.open:
        return _gathered(desk, record, case_class, at)
    return False


def _gathered(desk: Desk, record: Record, case_class: CaseClass, at: int) -> bool:
    """Whether the case belongs to a storm now and follows its lead."""
    cause = _cause(desk, case_class, at)
    one = _member(desk, cause.rule, record)
    storm, members = take(cause.going_on(), cause.loose, one, cause.still_loose)
    if storm is not None:
        _join(desk, cause, storm, record, one, at)
        return True
    if members:
        _form(desk, cause, members, at)
        return record.no != members[0].no
    cause.know(record)
    return False


def _cause(desk: Desk, case_class: CaseClass, at: int) -> _Cause:
    found = desk.storms.get(case_class.cause)
    if not isinstance(found, _Cause):
        found = desk.storms[case_class.cause] = _Cause(desk, case_class, at)
    found.reach(at)
    return found


def _form(desk: Desk, cause: _Cause, members: list[Member], at: int) -> None:
    lead = members[0]
    storm = Gathering(0, lead, lead.at, lead.at)
    storm.id = store.add(desk.ctx.connection, cause.name, storm, desk.ctx.now)
    cause.keep(storm, 0)
    cause.loose.drop(members)
    for one in members:
        _join(desk, cause, storm, desk.record(one.no), one, at)
    desk.line(
        desk.record(lead.no),
        "storm",
        at,
        actor=flow.AUTOMATIC,
        details={"storm": storm.id, "members": storm.members},
    )


def _join(
    desk: Desk, cause: _Cause, storm: Gathering, record: Record, one: Member, at: int
) -> None:
    desk.afterwards(cause.write)
    storm.add(one)
    record.storm = storm.id
    desk.keep(record)
    if record.no != storm.lead.no:
        details = {"storm": storm.id, "case": storm.lead.no}
        desk.line(record, "storm_joined", at, actor=flow.AUTOMATIC, details=details)


def _follow(desk: Desk, record: Record, at: int, automatic: bool) -> None:
    """A member goes to those who have the lead, without their being asked again; where the
    lead is with nobody yet, it waits with it."""
    if not automatic or record.dispatched_at is not None:
        return
    lead = desk.record(store.lead(desk.ctx.connection, record.storm or 0))
    follow(desk, record, lead, at, flow.AUTOMATIC)


def led(desk: Desk, record: Record, step: str, at: int) -> None:
    """Somebody dispatched a case: where it leads a storm, those of it that nobody handles yet
    go with it."""
    if step != "dispatch" or not record.storm:
        return
    connection = desk.ctx.connection
    if store.lead(connection, record.storm) != record.no:
        return
    numbers = store.members(connection, record.storm)
    desk.load(numbers)
    for other in (desk.record(no) for no in numbers if no != record.no):
        if other.kind == "new":
            follow(desk, other, record, at)


def follow(desk: Desk, record: Record, lead: Record, at: int, actor: str = "") -> None:
    """Give a case of a storm to those who have its lead."""
    step = desk.class_of(record).machine.steps.get("dispatch")
    if lead.organisation is None or step is None or record.state not in step.sources:
        return
    record.organisation = lead.organisation
    record.handler, record.handler_name = lead.handler, lead.handler_name
    record.dispatch = [{"code": "storm", "fields": {"case": lead.no}}]
    record.dispatched_at = at
    desk.move(record, step.to, at)
    details = {
        "organisation": record.organisation,
        "handler": record.handler_name,
        "reasons": record.dispatch,
        "storm": record.storm,
    }
    desk.line(record, "dispatch", at, actor=actor, details=details)


def _member(desk: Desk, rule: StormRule, record: Record) -> Member:
    return Member(record.no, record.opened_at, _shared(desk, rule, record), record.lon, record.lat)


def _shared(desk: Desk, rule: StormRule, record: Record) -> str:
    value: int | None = None
    if rule.by == "place":
        value = record.place
    elif rule.by == "organisation":
        value = record.organisation
    elif rule.by == "street":
        areas = [desk.city.area(number) for number in desk.city.chain(record.grid)]
        value = next((one.id for one in areas if one is not None and one.level == "street"), None)
    return "" if value is None else f"{rule.by}:{value}"


def _classes(desk: Desk, case_class: CaseClass) -> list[CaseClass]:
    """The classes that make storms together with this one, by code; the first says when."""
    if case_class.storm is None or not case_class.storm.cause:
        return [case_class]
    listed = {one.code: one for one in catalogue.list_classes(desk.ctx)}
    listed[case_class.code] = case_class
    return [one for _, one in sorted(listed.items()) if one.cause == case_class.cause]
