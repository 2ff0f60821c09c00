"""Issues of data quality become cases of the provider, one for each rule and resource, and end
when a check passes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import select

from yiwang.cases import catalogue, spec
from yiwang.cases.actions import flow, sides
from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.model.merging import Source
from yiwang.cases.record import Record
from yiwang.cases.tables import case_sources
from yiwang.contracts.events import QualityFailed, QualityPassed
from yiwang.kernel import documents
from yiwang.kernel.text import LANGUAGES, render
from yiwang.security.actions import Context, action
from yiwang.store.outbox import Delivery

TOPICS = (QualityFailed.topic, QualityPassed.topic)
BUILT_IN = "data_quality"
"""The pack that the built-in class says it comes from."""
SOURCE = "check"
"""The kind of source that these cases have."""


@action("cases.consume_quality", permission="cases.consume", audit_verb="quality_issues_taken")
def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Open, continue and close cases for what checks of data find, in the order of the events.
    A case that was closed while the data stayed as it was is followed by another."""
    desk, number = Desk(ctx), catalogue.built_in(ctx, _class(), BUILT_IN)
    for delivery in deliveries:
        if delivery.topic == QualityFailed.topic:
            _failed(desk, number, delivery.body)
        else:
            _passed(desk, delivery.body)
        desk.flush()


def _failed(desk: Desk, number: int, body: dict[str, Any]) -> None:
    case_class = _class()
    key = _key(body["issue"])
    record = desk.with_key([f"{case_class.code}|{key}"])
    if record is None:
        _open(desk, number, case_class, key, body)
        return
    known = _newest(desk, record)
    if (known["failed"], known["checked"]) != (body["failed"], body["checked"]):
        _source(desk, record, body)
        details = {"issue": body["issue"], "failed": body["failed"], "checked": body["checked"]}
        desk.line(record, "joined", body["at"], text=_said(body), details=details)


def _open(desk: Desk, number: int, case_class: CaseClass, key: str, body: dict[str, Any]) -> None:
    at: int = body["at"]
    title = body["title"][LANGUAGES[0]]
    source = Source(case_class.code, at, one_per=key)
    record = desk.open(
        number,
        case_class,
        source,
        body["severity"],
        title=f"{body['name']}：{title}"[:200],
        description=_said(body),
    )
    details = {"issue": body["issue"], "resource": body["code"], "rule": body["rule"]}
    _source(desk, record, body)
    desk.line(record, "opened", at, text=_said(body), details=details | {"channel": SOURCE})
    why = Reason("provides", {"code": body["code"]})
    assigned = sides.assigned(desk, record, body["organisation"], at, why)
    desk.move(record, case_class.machine.steps["dispatch"].to, at)
    desk.line(record, "dispatch", at, details=assigned)


def _source(desk: Desk, record: Record, body: dict[str, Any]) -> None:
    """One more check that found it; the case is alive while the newest one does."""
    values = {name: body[name] for name in ("issue", "code", "rule", "failed", "checked")}
    desk.add_source(
        record,
        body["at"],
        SOURCE,
        finding_key=_key(body["issue"]),
        rule=body["rule"][:160],
        text=_said(body),
        how={"code": "provides", "fields": {"code": body["code"]}},
        values=values,
    )


def _passed(desk: Desk, body: dict[str, Any]) -> None:
    record = desk.with_key([f"{_class().code}|{_key(body['issue'])}"])
    if record is None:
        return
    at: int = body["at"]
    for source in _live(desk, record):
        desk.mark_source(source, "cleared_at", at)
        record.live_findings -= 1
    desk.line(record, "cleared", at, details={"issue": body["issue"]})
    flow.on_cleared(desk, record, at)
    if record.open:
        flow.end(desk, record, "close", at, "cases.reason.check_passed")


def _newest(desk: Desk, record: Record) -> dict[str, Any]:
    """What the last check said that was kept."""
    held = case_sources.c
    query = select(held["values"]).where(held.case == record.no, held.kind == SOURCE)
    found: dict[str, Any] = desk.ctx.connection.execute(
        query.order_by(held.id.desc()).limit(1)
    ).scalar_one()
    return found


def _live(desk: Desk, record: Record) -> list[int]:
    held = case_sources.c
    query = select(held.id).where(held.case == record.no, held.kind == SOURCE)
    return list(desk.ctx.connection.execute(query.where(held.cleared_at.is_(None))).scalars())


def _key(issue: int) -> str:
    return f"quality:{issue}"


def _said(body: dict[str, Any]) -> str:
    lang = LANGUAGES[0]
    counted = {"failed": body["failed"], "checked": body["checked"], "code": body["code"]}
    lines = [render("cases.quality.counted", lang, counted)]
    lines += [one[lang] for one in body["samples"]]
    return "\n".join(lines)


@cache
def _class() -> CaseClass:
    text = resources.files("yiwang.cases.quality").joinpath("default.yaml")
    top = documents.parse(text.read_text(encoding="utf-8"), "default.yaml")
    return spec.parse(top, BUILT_IN, {}).classes[0]
