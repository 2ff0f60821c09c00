"""Articles from a CSV file: each row is taken in or refused for a reason."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from yiwang.cases.hotline import knowledge, shelf
from yiwang.cases.hotline.errors import BadArticle, BadImport
from yiwang.cases.hotline.knowledge import Article
from yiwang.kernel.errors import YiwangError
from yiwang.registry import cache
from yiwang.security.actions import Context, action
from yiwang.security.model import allowed

TEXTS = ("question_zh", "answer_zh", "question_en", "answer_en")
LISTS = ("classes", "keywords")
DATES = ("valid_from", "valid_until", "review_on")
COLUMNS = ("code", "department", *TEXTS, *LISTS, *DATES)
MOST_ROWS = 20_000


@dataclass
class Told:
    """read = added + changed + unchanged + the refused ones."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


@action("cases.import_articles", permission="cases.write_articles", audit_verb="articles_imported")
def import_articles(ctx: Context, content: bytes, publish: bool, lang: str) -> Told:
    """Articles from CSV (UTF-8, a header with some of COLUMNS; ``;`` within ``classes`` and
    ``keywords``). A row with the ``code`` of an article is a new version of it. ``publish``: at
    once, by those who may. Raises BadImport; rows that are refused are named by line."""
    told = Told()
    publishes = publish and allowed(ctx.identity, "cases.publish_articles")
    units = {one.code: one.id for one in cache.records(ctx.connection, "organisations")}
    for line, row in _rows(content):
        told.read += 1
        try:
            _take(ctx, row, units, publishes, told)
        except YiwangError as error:
            said = {"line": line, "reason": error.code, "what": error.what(lang)}
            told.refused.append(said | {"row": row})
    ctx.note("articles", read=told.read, added=told.added, refused=len(told.refused))
    return told


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        names = [name.strip() for name in reader.fieldnames or []]
        unknown = [name for name in names if name not in COLUMNS]
        if not names or unknown or not {"question_zh", "question_en"} & set(names):
            raise BadImport(problem=", ".join(unknown)[:200], known=", ".join(COLUMNS))
        reader.fieldnames = names
        rows = [
            (reader.line_num, {key: value or "" for key, value in row.items() if key})
            for row in reader
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadImport(problem=str(error)[:200], known=", ".join(COLUMNS)) from None
    if len(rows) > MOST_ROWS:
        raise BadImport(problem=f"{len(rows)} > {MOST_ROWS}", known=", ".join(COLUMNS))
    return rows


def _take(
    ctx: Context, row: dict[str, str], units: dict[str, int], publishes: bool, told: Told
) -> None:
    values: dict[str, Any] = {name: row.get(name, "") for name in (*TEXTS, *DATES)}
    values |= {name: tuple(row.get(name, "").split(";")) for name in LISTS}
    given = Article(**values)
    unit, code = row.get("department", "").strip(), row.get("code", "").strip()
    if unit and unit not in units:
        raise BadArticle("department", name="department", value=unit[:100])
    held = shelf.by_code(ctx.connection, code) if code else None
    if held is None:
        id = knowledge.write_article(ctx, given, units.get(unit), code)
        told.added += 1
    else:
        id = int(held.id)
        before = shelf.bodies(ctx.connection, [(id, held.version)])[(id, held.version)]
        if before == knowledge.check(ctx, given):
            told.unchanged += 1
            if publishes and held.published != held.version:
                knowledge.publish_article(ctx, id)
            return
        knowledge.change_article(ctx, id, given)
        told.changed += 1
    if publishes:
        knowledge.publish_article(ctx, id)
