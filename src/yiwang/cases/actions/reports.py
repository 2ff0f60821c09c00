"""Reports by people: residents, grid workers and hotline operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from yiwang.cases import catalogue, city
from yiwang.cases.actions import flow
from yiwang.cases.desk import Desk
from yiwang.cases.errors import AnswerMissing, BadAnswer, BadTarget, PlaceMissing, TextMissing
from yiwang.cases.learning import classes, proposals
from yiwang.cases.learning.model import Known
from yiwang.cases.likeness import proposing
from yiwang.cases.model import forms, merging
from yiwang.cases.model.classes import SEVERITIES, CaseClass
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering
from yiwang.security.actions import Context, action
from yiwang.security.model import allowed

MOST_TEXT = 10_000


@dataclass(frozen=True)
class Report:
    """What somebody reports: what it is, in words, and where. A position, the number of a
    place, or an address must be given."""

    case_class: str
    text: str
    lon: float | None = None
    lat: float | None = None
    place: int | None = None
    address: str = ""
    title: str = ""
    severity: str = ""
    channel: str = ""
    due_at: int | None = None
    """A deadline that came with it and counts instead of the class's; only the centre may."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What else came with it, kept with the source."""
    answers: Mapping[str, object] = field(default_factory=dict)
    """To the form of the class, by the codes of its attributes."""
    shown: Sequence[str] = ()
    """The classes that were proposed for these words before one was chosen."""
    on_behalf: bool = False
    """Taken down for somebody else: the account that writes it is not its reporter."""


@action("cases.report", permission="cases.report", audit_verb="case_reported")
def report(ctx: Context, given: Report) -> int:
    """Open a case for a report, or join it to the open case that it is about.

    Returns the case number. Raises NoSuchClass, TextMissing, PlaceMissing, AnswerMissing,
    BadAnswer.
    """
    held = catalogue.one(ctx, given.case_class)
    answers = _answers(held[1], given)
    if answers:
        given = replace(given, values={**given.values, "answers": answers})
    desk = Desk(ctx)
    record, fresh = receive(desk, held, given)
    if given.shown:
        place = (given.address, given.lon, given.lat, ctx.now)
        known = Known("", given.text, given.channel, *place)
        classes.chosen(desk, record, known, given.shown, held[1].code)
    desk.flush()
    ctx.note(f"case:{record.no}", case_class=held[1].code, joined=not fresh)
    return record.no


def receive(desk: Desk, held: tuple[int, CaseClass], given: Report) -> tuple[Record, bool]:
    """Take a report in at the desk: the case that it opened or joined, and whether it is new.
    Raises TextMissing, PlaceMissing, BadTarget, and then nothing has changed."""
    ctx = desk.ctx
    number, case_class = held
    where = _where(ctx, given)
    source = merging.Source(case_class.code, ctx.now, where.lon, where.lat)
    desk.load_near([], list(merging.cells_around(case_class, where.lon, where.lat)))
    record, why = desk.match(case_class, source)
    if record is None:
        record, why = proposing.joined(desk, case_class, where.text, where.lon, where.lat)
    details = {"why": why.code, "channel": given.channel} | dict(why.fields)
    fresh = record is None
    if record is None:
        record = _open(ctx, desk, number, case_class, given, where)
    _add_source(ctx, desk, record, given, where, details)
    if fresh:
        desk.line(record, "opened", ctx.now, text=given.text, details=details)
        automatic = "report" in case_class.automatic
        follows = gathering.opened(desk, record, ctx.now, automatic, given.channel)
        if not automatic and not follows:
            proposals.at_intake(desk, record, given.channel)
    else:
        record.touched = True
        desk.line(record, "joined", ctx.now, text=given.text, details=details)
        flow.raise_severity(desk, record, _severity(ctx, given, "notice"), ctx.now)
    return record, fresh


def _answers(case_class: CaseClass, given: Report) -> dict[str, object]:
    """What was answered to the form of the class. Raises AnswerMissing, BadAnswer."""
    answers, wrong = forms.answers(case_class.form, given.answers)
    for one in wrong:
        where = f"answers.{one.code}"
        if one.why == "missing":
            raise AnswerMissing(where, attribute=one.code)
        wanted = f"{one.why}: {one.known}" if one.known else one.why
        raise BadAnswer(where, attribute=one.code, value=one.value, wanted=wanted)
    return answers


def _where(ctx: Context, given: Report) -> Report:
    """The report with the position of its place filled in."""
    text = given.text.strip()
    if not text or len(text) > MOST_TEXT:
        raise TextMissing("text", most=MOST_TEXT)
    lon, lat, address = given.lon, given.lat, given.address.strip()
    if given.place is not None:
        site = city.sites(ctx, [given.place], "zh-CN").get(given.place)
        if site is None:
            raise BadTarget("place", what="place", value=given.place)
        lon = site.lon if lon is None else lon
        lat = site.lat if lat is None else lat
        address = address or site.address
    whole = lon is not None and lat is not None and -180 <= lon <= 180 and -90 <= lat <= 90
    if not whole and ((lon is not None or lat is not None) or not address):
        raise PlaceMissing("lon, lat")
    return Report(given.case_class, text, lon, lat, given.place, address[:300], given.title.strip())


def _severity(ctx: Context, given: Report, otherwise: str) -> str:
    """Only staff may say how severe it is."""
    if given.severity in SEVERITIES and allowed(ctx.identity, "cases.read"):
        return given.severity
    return otherwise


def _open(
    ctx: Context, desk: Desk, number: int, case_class: CaseClass, given: Report, where: Report
) -> Record:
    grid = desk.city.grids([(where.lon, where.lat)])[0]
    source = merging.Source(case_class.code, ctx.now, where.lon, where.lat)
    record = desk.open(
        number,
        case_class,
        source,
        _severity(ctx, given, case_class.severity),
        title=where.title[:200],
        description=where.text,
        place=where.place,
        address=where.address,
        grid=grid,
        reporter=_reporter(ctx, given),
    )
    if given.due_at is not None and allowed(ctx.identity, "cases.dispatch"):
        desk.set_deadline(record, given.due_at, ctx.now)
    return record


def _reporter(ctx: Context, given: Report) -> str:
    is_person = ctx.identity.kind in ("user", "token") and not given.on_behalf
    return ctx.identity.name if is_person else ""


def _said_of(ctx: Context, given: Report) -> dict[str, object]:
    """What a source keeps of who reported: the channel, and whether it was a resident."""
    channel: dict[str, object] = {"channel": given.channel} if given.channel else {}
    resident = not allowed(ctx.identity, "cases.read")
    return channel | ({"resident": True} if resident else {})


def _add_source(
    ctx: Context,
    desk: Desk,
    record: Record,
    given: Report,
    where: Report,
    how: dict[str, object],
) -> None:
    desk.add_source(
        record,
        ctx.now,
        "report",
        reporter=_reporter(ctx, given),
        text=where.text,
        lon=where.lon,
        lat=where.lat,
        how={"code": how["why"], "fields": {k: v for k, v in how.items() if k != "why"}},
        values=_said_of(ctx, given) | dict(given.values),
    )
