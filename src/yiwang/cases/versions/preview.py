"""What a move would do, case by case, with nothing written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import ColumnElement

from yiwang.cases import catalogue, choices, city
from yiwang.cases import store as cases_store
from yiwang.cases.desk import Desk
from yiwang.cases.errors import BadTarget
from yiwang.cases.model import moving
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.differences import newly_required
from yiwang.cases.model.guards import Refusal
from yiwang.cases.model.moving import Choices
from yiwang.cases.record import Record
from yiwang.cases.versions import bringing, store
from yiwang.cases.versions.bringing import Target
from yiwang.cases.versions.errors import BadPlace, NoSuchVersion, NotOneClass
from yiwang.cases.versions.words import question, stays_because
from yiwang.kernel import clock
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Context, query

_SAMPLES = 20


@dataclass(frozen=True)
class Move:
    """What is asked: the cases of one class (narrowed by their versions, states, area,
    organisation and numbers) are to follow version ``to``. ``places`` are states of theirs by
    the states that they go to (None: they stay); ``across``: also of another kind."""

    to: int
    versions: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    area: int | None = None
    organisation: int | None = None
    numbers: tuple[int, ...] = ()
    places: Mapping[str, str | None] = field(default_factory=dict)
    across: bool = False

    @property
    def chosen(self) -> Choices:
        return Choices(self.places, self.across)


def digest(move: Move, mark: int) -> str:
    """Names one request, and up to which line of the timelines its preview has read."""
    body = msgspec.json.encode(msgspec.to_builtins(move), order="sorted")
    return f"{mark}-{hashlib.sha256(b'%d|' % mark + body).hexdigest()}"


def read_mark(given: str) -> int:
    """The line of a digest; -1 for what is none."""
    head = given.partition("-")[0]
    return int(head) if head.isascii() and head.isdigit() and len(head) < 19 else -1


def check(ctx: Context, move: Move) -> Target:
    """The version to which is moved. Raises NoSuchVersion, NotOneClass, BadPlace."""
    row = store.version(ctx.connection, move.to)
    if row is None:
        raise NoSuchVersion("to", version=move.to)
    for number in move.versions:
        other = store.version(ctx.connection, number)
        if other is None:
            raise NoSuchVersion("versions", version=number)
        if other.code != row.code:
            raise NotOneClass("versions", code=row.code, other=other.code)
    to = bringing.target(ctx, move.to)
    wrong = moving.unknown_targets(to.case_class, move.chosen)
    if wrong:
        known = ", ".join(moving.open_states(to.case_class))
        raise BadPlace("places", state=wrong[0], known=known)
    return to


def chosen(ctx: Context, move: Move, to: Target) -> list[ColumnElement[bool]]:
    """The conditions of the cases that are asked for. Raises BadTarget."""
    areas = [] if move.area is None else city.City(ctx).within(move.area)
    if move.area is not None and not areas:
        raise BadTarget("area", what="area", value=move.area)
    narrowed = msgspec.to_builtins(move)
    return store.selected(to.case_class.code, to.number, narrowed, areas)


@query("cases.preview_move", permission="cases.move")
def preview(ctx: Context, move: Move, lang: str) -> dict[str, Any]:
    """Counts by outcome, changes of deadlines, whom it concerns, and samples of each outcome.
    Raises NoSuchVersion, NotOneClass, BadPlace."""
    to = check(ctx, move)
    mark = store.mark(ctx.connection)
    seen = _Seen(ctx, to, lang)
    for numbers in store.walk(ctx.connection, chosen(ctx, move, to)):
        desk = Desk(ctx)
        desk.load(numbers)
        for number in numbers:
            seen.look(desk, desk.record(number), move.chosen)
    return seen.answer() | {"digest": digest(move, mark)}


class _Seen:
    """What the preview has counted so far."""

    def __init__(self, ctx: Context, to: Target, lang: str) -> None:
        self._ctx, self._to, self._lang = ctx, to, lang
        self._outcomes: Counter[str] = Counter()
        self._groups: Counter[tuple[int, str, str, str]] = Counter()
        self._why: dict[tuple[int, str, str, str], Refusal] = {}
        self._limits: Counter[str] = Counter()
        self._late = self._saved = 0
        self._units: Counter[int] = Counter()
        self._asked: dict[int, tuple[str, ...]] = {}
        self._lacking: Counter[str] = Counter()
        self._samples: dict[str, list[dict[str, Any]]] = {}

    def look(self, desk: Desk, record: Record, wanted: Choices) -> None:
        old = desk.class_of(record)
        was = bringing.touched(record)
        found = bringing.bring(desk, record, self._to, wanted, self._ctx.now)
        if isinstance(found, Refusal):
            key = (was["case_class"], was["state"], "", found.code)
            self._why[key] = found
            outcome = "stays" if found.code == "left_behind" else "needs_choice"
            outcome = "refused" if found.code == "parts_open" else outcome
        else:
            key = (was["case_class"], was["state"], record.state, "")
            outcome = "moves"
            self._deadline(was, record)
            self._form(old, was["case_class"], record)
        self._groups[key] += 1
        self._outcomes[outcome] += 1
        sample = self._sample(record, old, was, found)
        self._samples.setdefault(outcome, [])
        if len(self._samples[outcome]) < _SAMPLES:
            self._samples[outcome].append(sample)

    def _deadline(self, was: Mapping[str, Any], record: Record) -> None:
        before, after = was["due_at"], record.due_at
        if before == after:
            change = "same" if was["limit_minutes"] == record.limit_minutes else "standing"
        elif before is None or after is None:
            change = "new" if before is None else "none_left"
        else:
            change = "later" if after > before else "earlier"
        self._limits[change] += 1
        self._late += record.overdue and not was["overdue"]
        self._saved += was["overdue"] and not record.overdue
        if change != "same" or was["state"] != record.state:
            self._units[record.organisation or 0] += 1

    def _form(self, old: CaseClass, number: int, record: Record) -> None:
        """Questions that must be answered now, and have no answer in a case's sources."""
        if number not in self._asked:
            self._asked[number] = newly_required(old, self._to.case_class)
        if self._asked[number]:
            rows = cases_store.sources(self._ctx.connection, record.no)
            answers = {code for row in rows for code in row.values.get("answers", {})}
            self._lacking.update(set(self._asked[number]) - answers)

    def _sample(
        self, record: Record, old: CaseClass, was: Mapping[str, Any], found: Any
    ) -> dict[str, Any]:
        new = self._to.case_class
        stays = isinstance(found, Refusal)
        return {
            "no": record.no,
            "from": {
                "version": was["case_class"],
                "state": was["state"],
                "state_title": choices.state_title(old, was["state"], self._lang),
                "minutes": was["limit_minutes"],
                "due_at": _instant(was["due_at"]),
            },
            "to": None
            if stays
            else {
                "version": self._to.number,
                "state": record.state,
                "state_title": choices.state_title(new, record.state, self._lang),
                "minutes": record.limit_minutes,
                "due_at": _instant(record.due_at),
                "overdue": record.overdue,
                "used_minutes": record.clock_used // MINUTE,
            },
            "why": stays_because(found, old, new, self._lang) if stays else "",
        }

    def answer(self) -> dict[str, Any]:
        lang, new = self._lang, self._to.case_class
        names = city.organisation_names(self._ctx, {one for one in self._units if one}, lang)
        groups = []
        for key, count in sorted(self._groups.items()):
            number, state, target, _ = key
            old = catalogue.by_id(self._ctx, number)
            why = stays_because(self._why[key], old, new, lang) if key in self._why else ""
            groups.append(
                {
                    "version": number,
                    "state": state,
                    "state_title": choices.state_title(old, state, lang),
                    "kind": old.machine.states[state].kind,
                    "to": target or None,
                    "to_title": choices.state_title(new, target, lang) if target else "",
                    "cases": count,
                    "why": why,
                }
            )
        counted = ("moves", "needs_choice", "stays", "refused")
        return {
            "class": {"code": new.code, "title": choices.class_title(new, lang)},
            "to": self._to.number,
            "outcomes": {name: self._outcomes[name] for name in counted},
            "groups": groups,
            "deadlines": {
                name: self._limits[name]
                for name in ("same", "earlier", "later", "new", "none_left", "standing")
            }
            | {"becomes_overdue": self._late, "no_longer_overdue": self._saved},
            "concerns": [
                {"organisation": unit or None, "name": names.get(unit, ""), "cases": count}
                for unit, count in self._units.most_common()
            ],
            "lacking": [
                {
                    "question": code,
                    "title": question(self._to.case_class, code, self._lang),
                    "cases": count,
                }
                for code, count in sorted(self._lacking.items())
            ],
            "samples": self._samples,
        }


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
