"""Who hears of what becomes of a case: recipients and words, computed behind the step.

A consumer of the outbox: a step pays nothing for it, and what is told is told once. Which steps
are told to whom is data (``notices/default.yaml`` and the city's own); whose names stand behind
``reporters``, ``handler`` and so on is said here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, select

from yiwang.cases import catalogue, choices, handed, store, views
from yiwang.cases.crew import HANDLER
from yiwang.cases.open311.tables import case_contacts
from yiwang.cases.record import Record
from yiwang.cases.storms import store as storms
from yiwang.cases.tables import case_sources, case_timeline, cases
from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES, find, render
from yiwang.notices import addresses
from yiwang.notices import service as notices
from yiwang.notices.model import Happened, Notice, Recipient, account, address, person
from yiwang.notices.recipients import holding, working_for
from yiwang.notices.rules import Rule
from yiwang.registry import service as registry
from yiwang.security.actions import Context
from yiwang.store.database import Instant
from yiwang.store.outbox import Delivery
from yiwang.store.statements import Among

TOPICS = ("case.opened", "case.changed")
CENTRE = "centre"
"""The duty role of people in the command centre; where nobody holds it, everybody is told who
has its role in the system."""
HISTORY = clock.DAY
"""A case that is taken in so long after it happened is history: nobody is told."""
_FOLLOWING = ("reporters", "newest_reporter", "handed_on")
"""Who only follows a case, and does not work on it."""


def tell(ctx: Context, deliveries: list[Delivery]) -> None:
    """Tell people and other systems of these events (TOPICS)."""
    prepare(ctx, deliveries)(ctx)


def prepare(ctx: Context, deliveries: list[Delivery]) -> Callable[[Context], None]:
    """Whom to tell of these events (TOPICS), and in which words; what is returned tells them."""
    steps = [_step(one) for one in deliveries]
    told = notices.book(ctx).of_step
    subscribed = notices.subscribed(ctx)
    wanted = steps if subscribed else [one for one in steps if one.name in told]
    if not wanted:
        return lambda _: None
    facts = _Facts(ctx, wanted)
    wanted = [one for one in wanted if facts.happens(one)]
    drafts = notices.draft(ctx, [one for step in wanted for one in facts.notices(step)])
    happened = [facts.happened(step) for step in wanted] if subscribed else []

    def tells(ctx: Context) -> None:
        notices.send(ctx, drafts=drafts)
        if subscribed:
            notices.publish(ctx, *happened)

    return tells


@dataclass(frozen=True)
class _Step:
    case: int
    name: str
    at: int
    state: str = ""
    kind: str = ""

    @property
    def event(self) -> str:
        return f"case:{self.case}/{self.name}/{self.at}"


def _step(delivery: Delivery) -> _Step:
    body = delivery.body
    if delivery.topic == "case.opened":
        return _Step(body["case"], "opened", body["opened_at"], kind="new")
    return _Step(body["case"], body["step"], body["at"], body["state"], body["kind"])


class _Facts:
    """What the events of one batch are about, read with a few statements."""

    def __init__(self, ctx: Context, steps: Sequence[_Step]) -> None:
        self._ctx = ctx
        self._rules = notices.book(ctx).of_step
        numbers = sorted({one.case for one in steps})
        found = list(store.many(ctx.connection, cases.c.no, numbers))
        self._records = {one.no: one for one in found}
        self._shown = {
            lang: {one["no"]: one for one in views.summaries(ctx, found, lang)}
            for lang in LANGUAGES
        }
        self._lines = self._timeline(steps)
        self._said_last = self._results(steps)
        self._sources = self._reports(found)
        self._outside = self._addresses(set(numbers))
        self._leads = storms.leads(ctx.connection, {one.storm for one in found if one.storm})
        self._known: dict[int, dict[str, Any]] = {}
        self._on_duty: dict[tuple[int | None, int | None, str], list[Recipient]] = {}
        self._working: dict[int, list[Recipient]] = {}
        self._centre: list[Recipient] | None = None

    def happens(self, step: _Step) -> bool:
        record = self._records.get(step.case)
        return record is not None and record.received_at - record.opened_at < HISTORY

    # What is told

    def notices(self, step: _Step) -> Iterator[Notice]:
        record = self._records[step.case]
        fields: dict[str, Any] = {}
        for rule in self._rules.get(step.name, ()):
            if not rule.covers(record.severity, record.class_code):
                continue
            if rule.to not in _FOLLOWING and self._told_of_lead(record):
                continue
            to = self._audience(rule, step, record)
            if not to:
                continue
            fields = fields or self._fields(step, record)
            staff = rule.to not in _FOLLOWING
            yield Notice(
                step.event,
                f"case.{step.name}",
                f"case:{record.no}",
                rule.template,
                fields,
                to,
                rule.channels,
                rule.urgent or (staff and record.severity == "critical"),
                f"/cases/{record.no}",
            )

    def happened(self, step: _Step) -> Happened:
        """For other systems: where and what, but nothing that people wrote or who they are."""
        record, shown = self._records[step.case], self._shown
        data = {
            "case": record.no,
            "step": step.name,
            "case_class": record.class_code,
            "class_title": {lang: shown[lang][record.no]["class_title"] for lang in LANGUAGES},
            "severity": record.severity,
            "state": step.state or record.state,
            "kind": step.kind or record.kind,
            "opened_at": clock.render(record.opened_at),
            "due_at": None if record.due_at is None else clock.render(record.due_at),
            "overdue": record.overdue,
            "organisation": record.organisation,
            "area": record.grid,
            "place": record.place,
            "address": shown[LANGUAGES[0]][record.no]["address"],
            "lon": record.lon,
            "lat": record.lat,
            "merged_into": record.merged_into,
        }
        facets: dict[str, list[Any]] = {
            "case_class": [record.class_code],
            "area": registry.areas_above(self._ctx, record.grid),
            "organisation": [record.organisation],
            "severity": [record.severity],
            "kind": [step.kind or record.kind],
        }
        topic = f"case.{step.name}"
        return Happened(step.event, topic, f"case:{record.no}", step.at, data, facets)

    def _told_of_lead(self, record: Record) -> bool:
        """Of a storm those who work on it are told once: by what happens to its lead."""
        return bool(record.storm) and self._leads.get(record.storm or 0) != record.no

    def _fields(self, step: _Step, record: Record) -> dict[str, Any]:
        line = self._lines.get((step.case, step.name, step.at))
        case_class = catalogue.by_id(self._ctx, record.case_class)
        if record.no not in self._known:
            self._known[record.no] = self._of_case(record)
        known = self._known[record.no]
        return known | {
            "reason": _reason(line),
            "text": line.text if line is not None else "",
            "result": self._said_last.get(record.no, "") if step.name == "close" else "",
            "level": line.details.get("level", "") if line is not None else "",
            "members": line.details.get("members", "") if line is not None else "",
            "step": {lang: choices.step_title(case_class, step.name, lang) for lang in LANGUAGES},
            "by": line.actor.partition(":")[2] if line is not None else "",
            "unmanned": self._unmanned(record, known["organisation"]),
        }

    def _of_case(self, record: Record) -> dict[str, Any]:
        """The fields that are the same for all of its steps."""
        shown = {lang: self._shown[lang][record.no] for lang in LANGUAGES}

        def said(name: str) -> dict[str, Any]:
            return {lang: shown[lang][name] for lang in LANGUAGES}

        severity = {lang: find(f"cases.severity.{record.severity}", lang) for lang in LANGUAGES}
        return {
            "no": record.no,
            "title": said("title"),
            "class": said("class_title"),
            "place": {lang: one["place_name"] or one["address"] for lang, one in shown.items()},
            "state": said("state_title"),
            "severity": severity if all(severity.values()) else record.severity,
            "organisation": said("organisation_name"),
            "handler": record.handler_name,
            "due_at": {"at": record.due_at},
            "merged_into": record.merged_into,
        }

    def _unmanned(self, record: Record, unit: dict[str, Any]) -> dict[str, Any] | str:
        """That nobody is on duty where the case waits."""
        if record.handler or not record.organisation or self._duty(record, record.organisation):
            return ""
        return {lang: render("cases.unmanned", lang, {"organisation": unit[lang]}) for lang in unit}

    # Who is told

    def _audience(self, rule: Rule, step: _Step, record: Record) -> list[Recipient]:
        if rule.to == "reporters":
            return self._reporters(record)
        if rule.to == "newest_reporter":
            mine = [one for one in self._sources.get(record.no, ()) if one.at == step.at]
            return self._people(mine, {f"case:{record.no}"}, step.at)
        if rule.to == "handed_on":
            return [account(one) for one in self._handed_on.get(record.no, ())]
        if rule.to == "handler":
            return self._handlers(record)
        if rule.to == "helper":
            return self._helpers(step, record) or self._in_centre(record)
        return self._in_centre(record)

    def _reporters(self, record: Record) -> list[Recipient]:
        """Everybody who reported it; of a merged case those whose reports came to it."""
        if record.merged_into is None:
            mine = self._sources.get(record.no, [])
        else:
            there = self._sources.get(record.merged_into, [])
            mine = [one for one in there if one.came_to == record.no]
        about = {f"case:{number}" for number in (record.no, *(one.came_to for one in mine))}
        return self._people(mine, about)

    def _people(
        self, sources: Sequence[Any], about: set[str], since: int | None = None
    ) -> list[Recipient]:
        """Accounts that reported, addresses that reporters gave and those that follow (that came
        or began at an instant)."""
        found = [account(one.reporter) for one in sources if one.reporter]
        for one in sorted(about):
            found += [who for who, at in self._outside.get(one, ()) if since in (None, at)]
        return list(dict.fromkeys(found))

    def _handlers(self, record: Record) -> list[Recipient]:
        if record.handler:
            return [account(record.handler)]
        unit = record.organisation
        return self._answering(record, unit) or self._in_centre(record) if unit else []

    def _helpers(self, step: _Step, record: Record) -> list[Recipient]:
        """Who answers for the organisations that the step asked."""
        line = self._lines.get((step.case, step.name, step.at))
        asked = line.details.get("organisations", []) if line is not None else []
        return [one for number in asked for one in self._answering(record, number)]

    def _answering(self, record: Record, organisation: int) -> list[Recipient]:
        """Who is on duty there, else those who work there, or in the unit above it."""
        if found := self._duty(record, organisation):
            return found
        if organisation not in self._working:
            self._working[organisation] = working_for(self._ctx, organisation)
        return self._working[organisation]

    def _duty(self, record: Record, organisation: int) -> list[Recipient]:
        role = catalogue.by_id(self._ctx, record.case_class).role
        key = (organisation, record.grid, role)
        if key not in self._on_duty:
            self._on_duty[key] = [
                person(one.person.id)
                for each in dict.fromkeys((role, HANDLER))
                for one in registry.on_duty(
                    self._ctx, record.grid, each, self._ctx.now, organisation
                )
                if one.person is not None
            ]
        return self._on_duty[key]

    def _in_centre(self, record: Record) -> list[Recipient]:
        duty = registry.on_duty(self._ctx, record.grid, CENTRE, self._ctx.now)
        if found := [person(one.person.id) for one in duty if one.person is not None]:
            return found
        if self._centre is None:
            self._centre = holding(self._ctx, "command_centre")
        return self._centre

    # Reading

    @cached_property
    def _handed_on(self) -> dict[int, list[str]]:
        numbers = [one.no for one in self._records.values() if one.handed_on]
        return handed.by_whom(self._ctx.connection, numbers) if numbers else {}

    def _timeline(self, steps: Sequence[_Step]) -> dict[tuple[int, str, int], Any]:
        told = [one for one in steps if one.name not in ("opened", "joined")]
        if not told:
            return {}
        instants = [one.at for one in told]
        span = {"first_": min(instants), "last_": max(instants)}
        numbers = sorted({one.case for one in told})
        rows = _lines.named(self._ctx.connection, numbers, span)
        return {(row.case, row.step, row.at): row for row in rows}

    def _reports(self, records: Sequence[Record]) -> dict[int, list[Any]]:
        """The sources of these cases, and of those that took them over, that people gave."""
        numbers = {one.no for one in records} | {one.merged_into for one in records}
        held = sorted(no for no in numbers if no is not None)
        found: dict[int, list[Any]] = defaultdict(list)
        for row in _given_by_people.named(self._ctx.connection, held):
            found[row.case].append(row)
        return found

    def _addresses(self, numbers: set[int]) -> dict[str, list[tuple[Recipient, int]]]:
        """People without an account by what they want to hear of, each with the instant since
        when: followers, and addresses that came with reports from outside."""
        numbers = numbers | {one.came_to for each in self._sources.values() for one in each}
        found: dict[str, list[tuple[Recipient, int]]] = defaultdict(list)
        for about, who, since in notices.followers(self._ctx, [f"case:{no}" for no in numbers]):
            found[about].append((who, since))
        for case, *given, at in _contacts.records(self._ctx.connection, sorted(numbers)):
            email, phone = addresses.usable(*given)
            if email or phone:
                found[f"case:{case}"].append((address(email, phone), at))
        return found

    def _results(self, steps: Sequence[_Step]) -> dict[int, str]:
        """What the handlers of cases that were closed said last when they reported them as
        handled."""
        closed = sorted({one.case for one in steps if one.name == "close"})
        return dict(_said.records(self._ctx.connection, closed))


_line, _source, _contact = case_timeline.c, case_sources.c, case_contacts.c
_lines = Among(
    select(
        _line.case, _line.step, _line.at, _line.actor, _line.reason, _line.text, _line.details
    ).where(_line.at.between(bindparam("first_", 0, Instant), bindparam("last_", 0, Instant))),
    _line.case,
)
_said = Among(
    select(_line.case, _line.text).where(_line.step == "report").order_by(_line.id), _line.case
)
_given_by_people = Among(
    select(_source.case, _source.came_to, _source.reporter, _source.at)
    .where(_source.kind == "report")
    .order_by(_source.id),
    _source.case,
)
_contacts = Among(select(_contact.case, _contact.email, _contact.phone, _contact.at), _contact.case)


def _reason(line: Any) -> Any:
    if line is None:
        return ""
    if line.reason.startswith(views.DONE_BY_ITSELF):
        return {lang: render(line.reason, lang, {}) for lang in LANGUAGES}
    return line.reason
