"""Alerts of other authorities: what they warn of becomes a report, once."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import insert, select

from yiwang.cases.actions.reports import Report, report
from yiwang.cases.actions.steps import take
from yiwang.cases.emergency import cap_reading
from yiwang.cases.emergency.cap import Area, Info, Message, Point, Reference
from yiwang.cases.emergency.tables import alerts_received
from yiwang.cases.model.guards import Given
from yiwang.kernel.text import LANGUAGES
from yiwang.security.actions import Context, action
from yiwang.store.blobs import Blobs

SEVERITIES = {"Extreme": "critical", "Severe": "urgent", "Moderate": "warning"}
"""The severities of CAP as cases have them; any other is a notice."""
MOST_TEXT = 9000


class Taken(NamedTuple):
    """``case`` is None for what opens none: exercises, tests, cancellations of what nobody
    knows. ``fresh`` is False for a message that came before."""

    identifier: str
    case: int | None
    fresh: bool


@action("cases.receive_alert", permission="cases.report", audit_verb="alert_received")
def receive(ctx: Context, content: bytes, case_class: str) -> Taken:
    """Take a CAP message in. An actual alert is a report for a case of the class; an update or
    cancellation is a comment on the case of the messages that it names. The same message again
    changes nothing. Raises BadAlert, NoSuchClass, PlaceMissing and what a report raises."""
    message = cap_reading.read(content)
    held = alerts_received.c
    same = select(held.case).where(
        held.sender == message.sender, held.identifier == message.identifier
    )
    row = ctx.connection.execute(same).first()
    if row is not None:
        ctx.note(f"alert:{message.identifier}", again=True)
        return Taken(message.identifier, row.case, False)
    case = _case(ctx, message, case_class) if message.status == "Actual" else None
    ctx.connection.execute(
        insert(alerts_received).values(
            sender=message.sender,
            identifier=message.identifier,
            sent_at=message.sent,
            received_at=ctx.now,
            status=message.status,
            kind=message.kind,
            case=case,
            actor=ctx.identity.label,
            raw=ctx.port(Blobs).put(content),
        )
    )
    ctx.note(f"alert:{message.identifier}", sender=message.sender, case=case)
    return Taken(message.identifier, case, True)


def _case(ctx: Context, message: Message, case_class: str) -> int | None:
    if message.kind in ("Ack", "Error"):
        return None
    known = _known(ctx, message.references)
    words = _words(message)
    if known is not None:
        take(ctx, known, "comment", Given(text=f"CAP {message.kind}: {words}"))
        return known
    if message.kind == "Cancel":
        return None
    info = _said(message)
    area = info.areas[0] if info.areas else Area("")
    point = _point(area)
    given = Report(
        case_class,
        words,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        address=area.description[:300],
        title=info.headline[:200],
        severity=SEVERITIES.get(info.severity, "notice"),
        channel="cap",
        values={"cap": message.identifier, "sender": message.sender},
    )
    return report(ctx, given)


def _known(ctx: Context, references: tuple[Reference, ...]) -> int | None:
    held = alerts_received.c
    for one in references:
        wanted = select(held.case).where(
            held.sender == one.sender, held.identifier == one.identifier
        )
        found: int | None = ctx.connection.execute(wanted).scalar()
        if found is not None:
            return found
    return None


def _said(message: Message) -> Info:
    """What is said in a language of ours, the first of them first."""
    for lang in LANGUAGES:
        for info in message.infos:
            if info.language.lower().startswith(lang[:2].lower()):
                return info
    return message.infos[0]


def _words(message: Message) -> str:
    if not message.infos:
        return message.note or message.identifier
    info = _said(message)
    said = (info.headline or info.event, info.description, info.instruction)
    return "\n".join(part for part in said if part)[:MOST_TEXT]


def _point(area: Area) -> Point | None:
    """The middle of an area: of its circle, else of the corners of its first polygon."""
    if area.centre is not None:
        return area.centre
    corners = area.polygons[0][:-1] if area.polygons else ()
    if not corners:
        return None
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    return sum(lons) / len(lons), sum(lats) / len(lats)
