"""Scoring schemes: read from the city's folder, put in by an action, every version kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select

from yiwang.cases.scoring.counts import COUNTS, SUMS
from yiwang.cases.scoring.errors import BadScheme, NoSuchScheme, UnknownIndicator
from yiwang.cases.scoring.model.figures import BETTER_LOW, RATES
from yiwang.cases.scoring.model.schemes import OF, Scheme, Terms
from yiwang.cases.scoring.tables import case_schemes
from yiwang.kernel import documents
from yiwang.kernel.documents import Section
from yiwang.kernel.periods import SPANS
from yiwang.kernel.points import Writing, valid_on
from yiwang.security.actions import Context, action, query

EVENTS = tuple(name for name in (*COUNTS, *SUMS) if not name.endswith("_sum"))
FILE = "scoring.yaml"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COUNTINGS = ("working", "clock")
_WRITING = Writing(RATES, BETTER_LOW, EVENTS, BadScheme, UnknownIndicator)


class Schemes:
    """The schemes that stand in files: the city's own, or the examples where it has none; and
    the accounts that subscribed to reports, by span."""

    def __init__(
        self,
        schemes: list[Scheme] | None = None,
        subscribers: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.schemes = examples() if schemes is None else schemes
        self.subscribers = subscribers or {}


def load(home: Path) -> Schemes:
    """Raises DocumentError with file and line."""
    own = home / "city" / FILE
    if not own.is_file():
        return Schemes()
    document = documents.load(own)
    told = _subscribers(document.section("reports")) if document.has("reports") else {}
    own_schemes = document.has("schemes") or not told
    found = parse(document)
    return Schemes(found if own_schemes else None, told)


def _subscribers(section: Section) -> dict[str, tuple[str, ...]]:
    """``reports: {month: [wang]}``: names of accounts by span."""
    found: dict[str, tuple[str, ...]] = {}
    for span in SPANS:
        names = section.take(span, list, [])
        if not all(isinstance(name, str) for name in names):
            problem = "names of accounts are wanted"
            raise BadScheme(section.place(span), what=f"reports.{span}", problem=problem)
        found[span] = tuple(names)
    section.finish()
    return found


def examples() -> list[Scheme]:
    text = resources.files("yiwang.cases.scoring").joinpath("example.yaml")
    return parse(documents.parse(text.read_text(encoding="utf-8"), "example.yaml"))


@query("cases.schemes", permission="cases.assess")
def schemes(ctx: Context) -> list[Scheme]:
    """Every version of every scheme: those of files, and behind them those put in."""
    query = select(case_schemes.c.text, case_schemes.c.id).order_by(case_schemes.c.id)
    found = list(ctx.caller.ports.get(Schemes, Schemes()).schemes)
    for row in ctx.connection.execute(query):
        found += parse(documents.parse(row.text, f"scheme {row.id}"))
    return found


def valid(ctx: Context, day: date) -> dict[str, Scheme]:
    """The schemes that are valid on a day, by code."""
    return valid_on(schemes(ctx), day)


def one(ctx: Context, code: str, day: date) -> Scheme:
    """The version of a scheme that is valid on a day. Raises NoSuchScheme."""
    found = valid(ctx, day).get(code)
    if found is None:
        raise NoSuchScheme(code=code, day=str(day))
    return found


def terms(ctx: Context, day: date) -> Terms:
    """How words are meant on a day where no scheme is asked for: as the first scheme that is
    valid says, by code."""
    found = valid(ctx, day)
    return found[min(found)].terms if found else Terms()


@action("cases.put_schemes", permission="cases.assess_all", audit_verb="schemes_put")
def put_schemes(ctx: Context, text: str) -> list[str]:
    """Put in new versions of schemes, as a document of the form of scoring.yaml; returns their
    digests. What was scored before by other versions stays. Raises DocumentError."""
    found = parse(documents.parse(text, FILE))
    if not found:
        raise BadScheme(FILE, what="schemes", problem="no scheme stands in it")
    for part in found:
        alone = msgspec.yaml.encode({"schemes": [_raw(text, part)]}).decode()
        values = {"code": part.code, "valid_from": str(part.valid_from), "digest": part.digest}
        actor = ctx.identity.label
        row = values | {"text": alone, "put_at": ctx.now, "actor": actor}
        ctx.connection.execute(insert(case_schemes).values(row))
    ctx.note("schemes", schemes=[f"{part.code} {part.valid_from}" for part in found])
    return [part.digest for part in found]


def _raw(text: str, part: Scheme) -> dict[str, Any]:
    """One scheme of a document, as plain data."""
    for section in documents.parse(text, FILE).items("schemes"):
        if (section.raw("scheme"), section.raw("from")) == (part.code, part.valid_from):
            return _plain(section)
    raise AssertionError(part.code)


def parse(document: Section) -> list[Scheme]:
    """The schemes of a document. Raises DocumentError with file and line."""
    found: dict[tuple[str, date], Scheme] = {}
    twice = zip(document.items("schemes"), document.items("schemes"), strict=True)
    for section, whole in twice:
        made = _scheme(section, _digest(whole))
        key = (made.code, made.valid_from)
        if key in found:
            problem = f"{made.code} stands twice from {made.valid_from}"
            raise BadScheme(section.place("from"), what="from", problem=problem)
        found[key] = made
    document.finish()
    return list(found.values())


def _scheme(section: Section, digest: str) -> Scheme:
    code = section.text("scheme")
    if not _CODE.fullmatch(code):
        problem = f'"{code}" is not a name of small letters, digits and _'
        raise BadScheme(section.place("scheme"), what="scheme", problem=problem)
    titles = section.section("title")
    made = Scheme(
        code=code,
        valid_from=section.take("from", date),
        of=section.choice("of", OF),
        title={lang: titles.text(lang, code) for lang in ("zh-CN", "en")},
        example=section.take("example", bool, False),
        parts=_WRITING.parts(section),
        least_cases=section.take("least_cases", int, 0),
        terms=_terms(section.section("terms")),
        digest=digest,
    )
    titles.finish()
    section.finish()
    _WRITING.check(section, made.parts)
    return made


def _plain(section: Section) -> dict[str, Any]:
    return {key: section.raw(key) for key in section.keys()}  # noqa: SIM118


def _digest(section: Section) -> str:
    plain = _plain(section)
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _terms(section: Section) -> Terms:
    usual = Terms()
    acceptance = section.section("acceptance")
    channels = section.take("resident_channels", list, list(usual.resident_channels))
    made = Terms(
        acceptance.take("minutes", int, usual.accept_minutes),
        acceptance.choice("counting", _COUNTINGS, usual.accept_counting),
        section.take("satisfied_from", int, usual.satisfied_from),
        tuple(str(one_) for one_ in channels),
    )
    acceptance.finish()
    section.finish()
    if not 1 <= made.satisfied_from <= 5:
        place = section.place("satisfied_from")
        raise BadScheme(place, what="satisfied_from", problem="ratings are 1 to 5")
    if not 1 <= made.accept_minutes <= 60 * 24 * 30:
        place = acceptance.place("minutes")
        raise BadScheme(place, what="minutes", problem="it lies outside 1 … 43200")
    return made
