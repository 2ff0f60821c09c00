"""Schemes of the evaluation: read from the city's folder, put in by an action, every version
kept."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select

from yiwang.kernel import documents
from yiwang.kernel.documents import Section
from yiwang.kernel.points import Writing, valid_on
from yiwang.security.actions import Context, action, query
from yiwang.sharing.evaluation.errors import BadScheme, UnknownFigure
from yiwang.sharing.evaluation.figures import FIGURES
from yiwang.sharing.evaluation.model import RATES, Scheme, Terms
from yiwang.sharing.evaluation.tables import share_schemes

FILE = "sharing_evaluation.yaml"
MOST_TEXT = 100_000
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_EVENTS = tuple(name for name in FIGURES if not name.endswith(("_points", "_full")))
_WRITING = Writing(RATES, (), _EVENTS, BadScheme, UnknownFigure)


class Schemes:
    """The schemes that stand in files: the city's own, or the default where it has none."""

    def __init__(self, schemes: list[Scheme] | None = None) -> None:
        self.schemes = default() if schemes is None else schemes


def load(home: Path) -> Schemes:
    """Raises DocumentError with file and line."""
    own = home / "city" / FILE
    return Schemes(parse(documents.load(own)) if own.is_file() else None)


def default() -> list[Scheme]:
    text = resources.files("yiwang.sharing.evaluation").joinpath("default.yaml")
    return parse(documents.parse(text.read_text(encoding="utf-8"), "default.yaml"))


@query("sharing.evaluation_schemes", permission="sharing.read")
def schemes(ctx: Context) -> list[Scheme]:
    """Every version of every scheme: those of files, and behind them those put in."""
    found = list(ctx.caller.ports.get(Schemes, Schemes()).schemes)
    asked = select(share_schemes.c.text, share_schemes.c.id).order_by(share_schemes.c.id)
    for row in ctx.connection.execute(asked):
        found += parse(documents.parse(row.text, f"scheme {row.id}"))
    return found


def valid(ctx: Context, day: date) -> list[Scheme]:
    """The schemes that are valid on a day, by code."""
    return [one for _, one in sorted(valid_on(schemes(ctx), day).items())]


def terms(found: list[Scheme]) -> Terms:
    """How words are meant in figures that no scheme asks for: as the first one says."""
    return found[0].terms if found else Terms()


@action("sharing.put_evaluation_schemes", permission="sharing.operate", audit_verb="schemes_put")
def put(ctx: Context, text: str) -> list[str]:
    """Put in new versions of schemes, as a document of the form of sharing_evaluation.yaml;
    returns their digests. Reports that were issued stay. Raises DocumentError."""
    if len(text) > MOST_TEXT:
        raise BadScheme(FILE, what="text", problem=f"it is longer than {MOST_TEXT}")
    sections = documents.parse(text, FILE).items("schemes")
    found = parse(documents.parse(text, FILE))
    if not found:
        raise BadScheme(FILE, what="schemes", problem="no scheme stands in it")
    for one, section in zip(found, sections, strict=True):
        alone = msgspec.yaml.encode({"schemes": [_plain(section)]}).decode()
        values = {"code": one.code, "valid_from": str(one.valid_from), "digest": one.digest}
        row = values | {"text": alone, "put_at": ctx.now, "actor": ctx.identity.label}
        ctx.connection.execute(insert(share_schemes).values(row))
    ctx.note("schemes", schemes=[f"{one.code} {one.valid_from}" for one in found])
    return [one.digest for one in found]


def parse(document: Section) -> list[Scheme]:
    """The schemes of a document, in its order. Raises DocumentError with file and line."""
    found: dict[tuple[str, date], Scheme] = {}
    twice = zip(document.items("schemes"), document.items("schemes"), strict=True)
    for section, again in twice:
        made = _scheme(section, _digest(again))
        key = (made.code, made.valid_from)
        if key in found:
            problem = f"{made.code} stands twice from {made.valid_from}"
            raise BadScheme(section.place("from"), what="from", problem=problem)
        found[key] = made
    document.finish()
    return list(found.values())


def shown(scheme: Scheme) -> dict[str, Any]:
    """A version of a scheme as it is shown and kept in reports."""
    return {
        "code": scheme.code,
        "from": scheme.valid_from.isoformat(),
        "title": dict(scheme.title),
        "example": scheme.example,
        "digest": scheme.digest,
        "least": scheme.least,
        "terms": terms_shown(scheme.terms),
    }


def terms_shown(held: Terms) -> dict[str, int]:
    return {"issue_days": held.issue_days, "satisfied_from": held.satisfied_from}


def _scheme(section: Section, digest: str) -> Scheme:
    code = section.text("scheme")
    if not _CODE.fullmatch(code):
        problem = f'"{code[:80]}" is not a name of small letters, digits and _'
        raise BadScheme(section.place("scheme"), what="scheme", problem=problem)
    titles = section.section("title")
    made = Scheme(
        code=code,
        valid_from=section.take("from", date),
        parts=_WRITING.parts(section),
        title={lang: titles.text(lang, code) for lang in ("zh-CN", "en")},
        example=section.take("example", bool, False),
        least=section.take("least", int, 1),
        terms=_terms(section.section("terms")),
        digest=digest,
    )
    titles.finish()
    section.finish()
    _WRITING.check(section, made.parts)
    return made


def _terms(section: Section) -> Terms:
    usual = Terms()
    made = Terms(
        section.take("issue_days", int, usual.issue_days),
        section.take("satisfied_from", int, usual.satisfied_from),
    )
    section.finish()
    for name, least, most in (("issue_days", 1, 366), ("satisfied_from", 1, 5)):
        if not least <= getattr(made, name) <= most:
            problem = f"it lies outside {least} … {most}"
            raise BadScheme(section.place(name), what=name, problem=problem)
    return made


def _plain(section: Section) -> dict[str, Any]:
    return {key: section.raw(key) for key in section.keys()}  # noqa: SIM118


def _digest(section: Section) -> str:
    plain = msgspec.json.encode(_plain(section), order="deterministic")
    return hashlib.sha256(plain).hexdigest()
