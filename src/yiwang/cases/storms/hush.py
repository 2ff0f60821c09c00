"""Findings and device troubles inside silences, while a delivery is folded: held, ended, or let
through."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.storms import model, store
from yiwang.cases.storms.model import Found, Silence

WAITING = "waiting"


class Hush:
    """Nothing is written before the desk writes its cases."""

    def __init__(self, desk: Desk, sort: str, numbers: Collection[int]) -> None:
        self._desk = desk
        self._sort = sort
        self._rows = {
            number: dict(row._mapping)
            for number, row in store.held(desk.ctx.connection, sort, numbers).items()
        }
        self._silences: Sequence[Silence] = ()
        self._fresh: dict[int, dict[str, Any]] = {}
        self._changed: dict[int, dict[str, Any]] = {}

    def listen(self, since: int) -> None:
        """Know the silences that hold something after an instant."""
        self._silences = store.after(self._desk.ctx.connection, since)

    def holds(self, body: Mapping[str, Any], case_class: CaseClass, grid: int | None) -> bool:
        """Whether a finding (or trouble) is kept from opening a case: it was raised inside a
        silence, and no silence was over yet at its time. One that was held comes again with the
        instant at which the silence was over as its time."""
        number = body[self._sort]
        row = self._rows.get(number)
        if row is not None:
            return bool(row["state"] != WAITING or body["raised_at"] < row["held_until"])
        if not self._silences:
            return False
        areas = self._desk.city.chain(grid)
        kept = model.held(found(body, case_class, areas), self._silences)
        if kept is None:
            return False
        self._write_later()
        self._fresh[number] = self._rows[number] = {
            "sort": self._sort,
            "number": number,
            "silence": kept[0].id,
            "raised_at": body["raised_at"],
            "held_until": kept[1],
            "state": WAITING,
            "ended_at": None,
            "case": None,
            "grid": grid,
            "body": dict(body) | {"classes": [case_class.code, case_class.event]},
        }
        return True

    def row(self, number: int) -> dict[str, Any] | None:
        return self._rows.get(number)

    def outlived(self, number: int, at: int) -> dict[str, Any] | None:
        """What is known of a held one that lasted beyond its silence: it ends at ``at``,
        and nobody has let it through yet."""
        row = self._rows.get(number)
        if row is None or row["state"] != WAITING or at < row["held_until"]:
            return None
        return dict(row["body"]) | {"raised_at": row["held_until"]}

    def opened(self, number: int, case: int | None) -> None:
        """A held one was let through; without a case where its class is no more."""
        if number in self._rows:
            state = "no_class" if case is None else "opened"
            self._change(number, state=state, held_until=None, case=case)

    def ended(self, number: int, how: str, at: int) -> None:
        """A held one ended: ``how`` is cleared_at or withdrawn_at."""
        row = self._rows.get(number)
        if row is None or row["state"] == "withdrawn":
            return
        state = how.removesuffix("_at")
        if row["state"] == WAITING or state == "withdrawn":
            self._change(number, state=state, held_until=None, ended_at=at)
        elif row["ended_at"] is None:
            self._change(number, ended_at=at)

    def _change(self, number: int, **values: Any) -> None:
        self._rows[number].update(values)
        if number not in self._fresh:
            self._write_later()
            self._changed[number] = self._rows[number]

    def _write_later(self) -> None:
        if not self._fresh and not self._changed:
            self._desk.afterwards(self._write)

    def _write(self) -> None:
        connection = self._desk.ctx.connection
        store.add_held(connection, list(self._fresh.values()))
        store.change_held(connection, list(self._changed.values()))
        self._fresh.clear()
        self._changed.clear()


def found(body: Mapping[str, Any], case_class: CaseClass, areas: Collection[int]) -> Found:
    return Found(
        body["raised_at"],
        (case_class.code, case_class.event),
        areas,
        body["place"],
        body["thing"],
    )


def again(row: Any, areas: Collection[int]) -> Found:
    """A held finding as it was raised."""
    body = row.body
    return Found(row.raised_at, body["classes"], areas, body["place"], body["thing"])
