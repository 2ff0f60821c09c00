"""Alerts to the public (预警) of an incident, as messages of CAP 1.2 that follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from yiwang.cases.emergency import cap
from yiwang.cases.emergency.cap import Area, Info, Message, Reference
from yiwang.cases.emergency.errors import (
    AlertInForce,
    BadAlert,
    NoAlert,
    NoSender,
    NoSuchAlert,
    UnknownWord,
)
from yiwang.cases.emergency.post import Post
from yiwang.cases.emergency.tables import alerts
from yiwang.kernel import clock
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import LANGUAGES, render
from yiwang.registry import cache
from yiwang.security.actions import Context, action, query

KINDS = {"alert": "Alert", "update": "Update", "cancel": "Cancel"}
NOWHERE = "yiwang.invalid"
"""Whose a test or exercise is where the platform has no public address (RFC 2606)."""
MOST_TEXT = 2000


@dataclass(frozen=True)
class Words:
    """What the command says otherwise than the plan. Texts by language; ``polygon`` of
    (longitude, latitude), closed or not, instead of the circle."""

    kind: str = "alert"
    test: bool = False
    headline: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    instruction: Mapping[str, str] = field(default_factory=dict)
    valid_minutes: int | None = None
    radius_m: float | None = None
    polygon: tuple[tuple[float, float], ...] = ()


@query("cases.emergency_alert_preview", permission="cases.command")
def preview(ctx: Context, no: int, words: Words) -> dict[str, Any]:
    """The message as it would be sent, and whether it would leave the platform. Raises what
    ``send`` raises."""
    message = _compose(Post(ctx, no).running(), words)
    zone = _zone(ctx)
    published = _leaves(ctx)
    return {"xml": cap.xml(message, zone).decode(), "status": message.status, "leaves": published}


@action("cases.emergency_alert", permission="cases.command", audit_verb="emergency_alert_sent")
def send(ctx: Context, no: int, words: Words) -> str:
    """Send, update or cancel the alert of an incident; returns the message's identifier.

    It is published where ``outward`` is ``live``, and else kept and marked as held back.
    Raises NoSuchIncident, Ended, UnknownWord, AlertInForce, NoAlert, NoSender, BadAlert.
    """
    post = Post(ctx, no).running()
    message = _compose(post, words)
    before = in_force(ctx.connection, no, ctx.now)
    expires = max([one.expires or 0 for one in message.infos] or [0])
    if before is not None:
        expires = max(expires, before.expires_at) if message.kind == "Cancel" else expires
        ctx.connection.execute(
            update(alerts).where(alerts.c.chain == before.chain).values(current=False)
        )
    headline = {info.language: info.headline or info.event for info in message.infos}
    leaves = _leaves(ctx)
    values = {
        "incident": no,
        "identifier": message.identifier,
        "chain": before.chain if before is not None else None,
        "sent_at": message.sent,
        "expires_at": expires,
        "status": message.status,
        "kind": message.kind,
        "public": leaves,
        "current": message.kind != "Cancel",
        "actor": ctx.identity.label,
        "headline": headline,
        "xml": cap.xml(message, _zone(ctx)).decode(),
    }
    made = ctx.connection.execute(insert(alerts).values(**values).returning(alerts.c.id))
    number = made.scalar_one()
    if before is None:
        ctx.connection.execute(update(alerts).where(alerts.c.id == number).values(chain=number))
    said = {"identifier": message.identifier, "status": message.status, "published": leaves}
    text = headline.get(LANGUAGES[0], "")
    post.line("message", words.kind, text=text, details=said)
    post.tell_cases("emergency_alert", text=text, **said)
    post.flush()
    ctx.note(f"emergency:{no}", **said)
    return message.identifier


@query("cases.public_alerts", permission="cases.read_opened")
def published(ctx: Context, real: bool) -> list[Row[Any]]:
    """The published messages that are in force, and those that cancelled one and whose
    time is not over; the newest first. ``real``: actual ones, else exercises and tests."""
    wanted = select(alerts).where(
        alerts.c.public,
        alerts.c.expires_at > ctx.now,
        alerts.c.current | (alerts.c.kind == "Cancel"),
        (alerts.c.status == "Actual") if real else (alerts.c.status != "Actual"),
    )
    return list(ctx.connection.execute(wanted.order_by(alerts.c.id.desc()).limit(500)))


@query("cases.public_alert", permission="cases.read_opened")
def document(ctx: Context, identifier: str) -> str:
    """One published message as it was sent, whenever that was. Raises NoSuchAlert."""
    wanted = select(alerts.c.xml).where(alerts.c.identifier == identifier, alerts.c.public)
    found: str | None = ctx.connection.execute(wanted).scalar()
    if found is None:
        raise NoSuchAlert(identifier=identifier)
    return found


def of_incident(connection: Connection, no: int, lang: str, now: int) -> list[dict[str, Any]]:
    """The messages of an incident in the order in which they were sent."""
    wanted = select(alerts).where(alerts.c.incident == no).order_by(alerts.c.id)
    return [
        {
            "identifier": row.identifier,
            "kind": row.kind,
            "status": row.status,
            "published": row.public,
            "in_force": row.current and row.expires_at > now,
            "sent_at": clock.render(row.sent_at),
            "expires_at": clock.render(row.expires_at),
            "actor": row.actor,
            "headline": row.headline.get(lang) or next(iter(row.headline.values()), ""),
            "xml": row.xml,
        }
        for row in connection.execute(wanted)
    ]


def in_force(connection: Connection, no: int, now: int) -> Row[Any] | None:
    """The last message of the alert that is in force for an incident."""
    wanted = select(alerts).where(
        alerts.c.incident == no, alerts.c.current, alerts.c.expires_at > now
    )
    return connection.execute(wanted.order_by(alerts.c.id.desc()).limit(1)).first()


def _compose(post: Post, words: Words) -> Message:
    ctx, kind = post.ctx, KINDS.get(words.kind)
    if kind is None:
        raise UnknownWord(name="kind", value=words.kind, known=", ".join(KINDS))
    before = in_force(ctx.connection, post.no, ctx.now)
    if kind == "Alert" and before is not None:
        raise AlertInForce(no=post.no, identifier=before.identifier)
    if kind != "Alert" and before is None:
        raise NoAlert(f"emergency:{post.no}", no=post.no)
    status = "Exercise" if post.row.exercise else "Test" if words.test else "Actual"
    if before is not None:
        status = before.status
    sender = _sender(ctx, status)
    note = ""
    if status != "Actual":
        note = " / ".join(render(f"cases.emergency.note.{status}", lang, {}) for lang in LANGUAGES)
    message = Message(
        identifier=_identifier(post),
        sender=sender,
        sent=ctx.now,
        status=status,
        kind=kind,
        note=note,
        references=_references(post, before, sender),
        incidents=(str(post.no),),
        infos=tuple(_info(post, words, kind, status, lang) for lang in LANGUAGES),
    )
    wrong = cap.problems(message)
    if wrong:
        raise BadAlert(f"emergency:{post.no}", problem=cap.together(wrong))
    return message


def _identifier(post: Post) -> str:
    """Unique among this sender's messages: day, incident, and how many came before."""
    count = select(func.count()).where(alerts.c.incident == post.no)
    number = (post.ctx.connection.execute(count).scalar() or 0) + 1
    day = clock.to_datetime(post.ctx.now).astimezone(_zone(post.ctx)).strftime("%Y%m%d")
    return f"{day}-{post.no}-{number}"


def _references(post: Post, before: Row[Any] | None, sender: str) -> tuple[Reference, ...]:
    """Every message of the alert so far."""
    if before is None:
        return ()
    earlier = select(alerts.c.identifier, alerts.c.sent_at).where(alerts.c.chain == before.chain)
    rows = post.ctx.connection.execute(earlier.order_by(alerts.c.id))
    return tuple(Reference(sender, row.identifier, row.sent_at) for row in rows)


def _info(post: Post, words: Words, kind: str, status: str, lang: str) -> Info:
    plan, public = post.plan, post.plan.public
    level = plan.level(post.row.level)
    assert level is not None
    minutes = public.valid_minutes if words.valid_minutes is None else words.valid_minutes
    over = kind == "Cancel"
    headline = _text(words.headline, public.headline, lang) or _text({}, plan.title, lang)
    mark = _mark(status, lang)
    if over:
        headline = render("cases.emergency.over", lang, {"headline": headline})
    description = _text(words.description, {} if over else public.description, lang)
    settings = _settings(post.ctx)
    return Info(
        language=lang,
        categories=(public.category,),
        event=_text({}, public.event or plan.title, lang),
        responses=("AllClear",) if over else public.responses,
        urgency="Past" if over else level.urgency,
        severity=level.severity,
        certainty="Observed" if over else level.certainty,
        effective=post.ctx.now,
        onset=post.row.started_at,
        expires=post.ctx.now + max(1, minutes) * MINUTE,
        sender_name=settings.city_name,
        headline=f"{mark}{headline}",
        description=f"{mark}{description}" if description else "",
        instruction="" if over else _text(words.instruction, public.instruction, lang),
        web=settings.public_url,
        areas=_areas(post, words),
    )


def _text(given: Mapping[str, str], plan: Mapping[str, str], lang: str) -> str:
    found = given.get(lang) or plan.get(lang) or next(iter(plan.values()), "")
    return found.strip()[:MOST_TEXT]


def _areas(post: Post, words: Words) -> tuple[Area, ...]:
    row = post.row
    index = cache.area_index(post.ctx.connection)
    chain = set(index.chain(row.grid))
    around = [one for one in cache.records(post.ctx.connection, "areas") if one.id in chain]
    codes = tuple(cap.division(one.code) for one in around)
    names = " ".join(one.name() for one in around if one.level != "grid")
    described = " ".join(part for part in (names, row.place_name) if part)
    described = described or _settings(post.ctx).city_name or row.plan_code
    polygon = words.polygon
    if polygon and polygon[0] != polygon[-1]:
        polygon = (*polygon, polygon[0])
    if polygon or row.lon is None or row.lat is None:
        return (Area(described, (polygon,) if polygon else (), geocodes=codes),)
    radius = post.plan.public.radius_m if words.radius_m is None else words.radius_m
    return (Area(described, (), (row.lon, row.lat), radius / 1000, codes),)


def _sender(ctx: Context, status: str) -> str:
    host = urlsplit(_settings(ctx).public_url).hostname or ""
    if not host and status == "Actual":
        raise NoSender()
    return f"alerts@{host or NOWHERE}"


def _leaves(ctx: Context) -> bool:
    return _settings(ctx).outward == "live"


def _settings(ctx: Context) -> Settings:
    found = ctx.caller.ports.get(Settings)
    return found if found is not None else Settings()


def _zone(ctx: Context) -> ZoneInfo:
    return ZoneInfo(_settings(ctx).time_zone)


def _mark(status: str, lang: str) -> str:
    """What stands before the words of an alert that is none."""
    if status == "Actual":
        return ""
    mark = render(f"cases.emergency.mark.{status}", lang, {})
    return mark if lang.startswith("zh") else f"{mark} "
