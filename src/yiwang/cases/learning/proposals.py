"""Proposals where the responsibility matrix is silent: stored, shown, and sent only above the
city's threshold. The matrix is never overridden: this is asked after it has named nobody."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from yiwang.cases import city
from yiwang.cases.desk import Desk
from yiwang.cases.learning import artefact
from yiwang.cases.learning.model import Known, Model, Proposal
from yiwang.cases.learning.tables import case_proposals
from yiwang.cases.model.dispatch import Assignment, Reason, whose_word
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.security.actions import Context
from yiwang.security.model import allowed
from yiwang.store.database import Key
from yiwang.store.statements import Statement

QUEUE, CLASS = "queue", "case_class"
"""What is proposed: the unit that has the case in the end, and the class that it is of."""
ANSWERING = ("dispatch", "transfer")
"""Steps by which somebody answers a proposal: to that unit, or to another."""


class Proposer:
    """The newest model of a home, loaded when it is first asked. ``send_from`` is the
    confidence from which on cases are sent unasked, None or 0: never."""

    def __init__(self, folder: Path, send_from: float | None = None) -> None:
        self.folder = folder
        self.send_from = send_from or None
        self._lock = threading.Lock()
        self._held: tuple[int, dict[str, Model]] | None = None
        self._looked = False

    def look(self) -> None:
        """Take up a version that was learnt meanwhile, by whatever process."""
        found = artefact.versions(self.folder)
        with self._lock:
            held = self._held[0] if self._held else None
            if self._looked and found and found[-1] != held:
                self._held, self._looked = None, False

    def load(self) -> None:
        """Have the newest model in memory before it is asked."""
        self._newest()

    @property
    def version(self) -> int | None:
        """The version in use; None where nothing was learnt."""
        held = self._newest()
        return held[0] if held else None

    def propose(self, known: Known) -> Proposal | None:
        """Who should have a case."""
        held = self._newest()
        return held[1][QUEUE].propose(known) if held else None

    def classify(self, known: Known) -> Proposal | None:
        """Which class a case is of, whatever class ``known`` has."""
        held = self._newest()
        return held[1][CLASS].propose(replace(known, case_class="")) if held else None

    def _newest(self) -> tuple[int, dict[str, Model]] | None:
        with self._lock:
            if not self._looked:
                self._looked = True
                found = artefact.versions(self.folder)
                if found:
                    models = {
                        name: artefact.load(self.folder, found[-1], name) for name in (QUEUE, CLASS)
                    }
                    self._held = (found[-1], models)
            return self._held


def consider(
    desk: Desk, record: Record, found: Assignment, at: int, channel: str = "", send: bool = True
) -> Assignment:
    """A proposal for a case that nobody is responsible for: stored, and where it is sure
    enough and may be sent (``send``) the assignment itself. Else what was found, with the
    proposal among its reasons."""
    proposer: Proposer | None = desk.ctx.caller.ports.get(Proposer)
    if proposer is None or found.organisation is not None or proposer.version is None:
        return found
    known = Known(
        record.class_code,
        record.description,
        channel,
        record.address,
        record.lon,
        record.lat,
        record.opened_at,
    )
    made = proposer.propose(known)
    best = made.candidates[0] if made and made.candidates else None
    unit = desk.city.organisation(int(best.target)) if best else None
    if made is None or best is None or unit is None:
        return found
    sure = (
        made.promised and proposer.send_from is not None and best.confidence >= proposer.send_from
    )
    sends = send and whose_word(False, False, sure) == "sure"
    desk.ctx.connection.execute(
        insert(case_proposals).values(
            case=record.no,
            at=at,
            version=proposer.version,
            organisation=unit.id,
            confidence=best.confidence,
            threshold=proposer.send_from,
            sent=sends,
            candidates=[[int(one.target), one.confidence] for one in made.candidates],
            reasons=list(made.reasons),
            answer="",
            answered_by="",
        )
    )
    percent = round(best.confidence * 100)
    fields = {"organisation": unit.names, "percent": percent, "words": _words(made.reasons)}
    if not sends:
        return replace(found, reasons=(*found.reasons, Reason("proposal", fields)))
    chosen = desk.city.person_for(desk.wanted(record), unit.id, at)
    return replace(chosen, reasons=(Reason("learnt", fields), *chosen.reasons))


def at_intake(desk: Desk, record: Record, channel: str) -> None:
    """A proposal for a case that waits for the centre, where the matrix names nobody."""
    proposer: Proposer | None = desk.ctx.caller.ports.get(Proposer)
    if proposer is None or proposer.version is None:
        return
    at = desk.ctx.now
    found = desk.city.assign(desk.wanted(record), at)
    consider(desk, record, found, at, channel, send=False)


def answered(desk: Desk, record: Record, step: str, at: int) -> None:
    """Somebody has sent a case: whether as proposed is kept with the newest proposal, once."""
    if step not in ANSWERING or desk.ctx.identity.kind == "system":
        return
    proposer: Proposer | None = desk.ctx.caller.ports.get(Proposer)
    if proposer is None or proposer.version is None:
        return
    found = _newest.named(desk.ctx.connection, {"case_": record.no})
    row = found[0] if found else None
    if row is None or row.answer:
        return
    answer = "accepted" if record.organisation == row.organisation else "other"
    desk.ctx.connection.execute(
        update(case_proposals)
        .where(case_proposals.c.id == row.id)
        .values(answer=answer, answered_at=at, answered_by=desk.ctx.identity.label)
    )


_newest = Statement(
    select(case_proposals)
    .where(case_proposals.c.case == bindparam("case_", 0, Key))
    .order_by(case_proposals.c.id.desc())
    .limit(1)
)


def shown(ctx: Context, record: Record, lang: str) -> dict[str, Any] | None:
    """The newest proposal for a case, and what became of it: waiting, accepted, other or
    refused. For staff alone: what closed cases of others teach is no resident's business."""
    if not allowed(ctx.identity, "cases.read"):
        return None
    found = _newest.named(ctx.connection, {"case_": record.no})
    return as_shown(ctx, found[0], record, lang) if found else None


def as_shown(ctx: Context, row: Any, record: Record, lang: str) -> dict[str, Any]:
    numbers = [number for number, _ in row.candidates]
    names = city.organisation_names(ctx, set(numbers), lang)
    outcome = row.answer or "waiting"
    if not row.answer and record.organisation is not None:
        outcome = "accepted" if record.organisation == row.organisation else "other"
    return {
        "at": clock.render(row.at),
        "version": row.version,
        "organisation": row.organisation,
        "organisation_name": names.get(row.organisation, ""),
        "confidence": row.confidence,
        "threshold": row.threshold,
        "sent": row.sent,
        "candidates": [
            {"organisation": number, "name": names.get(number, ""), "confidence": sure}
            for number, sure in row.candidates
        ],
        "reasons": [reason_of(one) for one in row.reasons],
        "outcome": outcome,
        "answered_at": None if row.answered_at is None else clock.render(row.answered_at),
        "answered_by": row.answered_by,
    }


def told(ctx: Context, reasons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Reasons of a dispatch as this reader learns them: what was only proposed is for staff."""
    staff = allowed(ctx.identity, "cases.read")
    return [one for one in reasons if staff or one["code"] != "proposal"]


def _words(reasons: tuple[str, ...]) -> str:
    return ", ".join(one.partition(" ")[2] for one in reasons)


def reason_of(token: str) -> dict[str, str]:
    """A token as what it is of (class, word, address, place, channel, hour, day) and which."""
    kind, _, value = token.partition(" ")
    return {"kind": kind, "value": value}
