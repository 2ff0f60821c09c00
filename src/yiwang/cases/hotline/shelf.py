"""All SQL of the knowledge base: articles, their versions and their index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from yiwang.cases.hotline import model
from yiwang.cases.hotline.errors import NoSuchArticle
from yiwang.cases.hotline.model import Hit
from yiwang.cases.hotline.tables import (
    hotline_article_pieces,
    hotline_article_versions,
    hotline_articles,
)
from yiwang.cases.model import words

_article, _version, _piece = (
    hotline_articles.c,
    hotline_article_versions.c,
    hotline_article_pieces.c,
)
_RAREST = 24
"""So many pieces of a text are looked for, those in the fewest articles."""


@dataclass(frozen=True)
class Wanted:
    """``state``: of STATES. ``stale``: published, and its review or last day is over on
    ``today``. ``organisations``: owners, None for all."""

    state: str = ""
    stale: bool = False
    organisations: frozenset[int] | None = None
    today: str = ""


def get(connection: Connection, id: int) -> Row[Any]:
    """Raises NoSuchArticle."""
    found = connection.execute(select(hotline_articles).where(_article.id == id)).first()
    if found is None:
        raise NoSuchArticle(id=id)
    return found


def by_code(connection: Connection, code: str) -> Row[Any] | None:
    return connection.execute(select(hotline_articles).where(_article.code == code)).first()


def many(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    found = select(hotline_articles).where(_article.id.in_(sorted(ids)))
    return list(connection.execute(found))


def listing(connection: Connection, wanted: Wanted, after: int, most: int) -> list[Row[Any]]:
    """The newest first, before number ``after`` (0: from the newest)."""
    query = select(hotline_articles).order_by(_article.id.desc()).limit(most)
    if after:
        query = query.where(_article.id < after)
    if wanted.state:
        query = query.where(_article.state == wanted.state)
    if wanted.organisations is not None:
        query = query.where(_article.organisation.in_(sorted(wanted.organisations)))
    if wanted.stale:
        over = [
            _over(column, wanted.today) for column in (_article.review_on, _article.valid_until)
        ]
        query = query.where(_article.published.is_not(None), or_(*over))
    return list(connection.execute(query))


def _over(column: Any, today: str) -> Any:
    return (column != "") & (column < today)


def bodies(connection: Connection, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """The texts of versions (article, version)."""
    ids = sorted({article for article, _ in wanted})
    query = select(hotline_article_versions).where(_version.article.in_(ids))
    asked = set(wanted)
    rows = connection.execute(query)
    return {
        (row.article, row.version): row.body for row in rows if (row.article, row.version) in asked
    }


def versions(connection: Connection, id: int) -> list[Row[Any]]:
    query = select(hotline_article_versions).where(_version.article == id)
    return list(connection.execute(query.order_by(_version.version)))


def add(connection: Connection, code: str, organisation: int | None, at: int) -> int:
    made = connection.execute(
        insert(hotline_articles)
        .values(
            code=code or None,
            organisation=organisation,
            state="draft",
            version=0,
            published=None,
            valid_from="",
            valid_until="",
            review_on="",
            changed_at=at,
            used=0,
            helpful=0,
            unhelpful=0,
        )
        .returning(_article.id)
    )
    return int(made.scalar_one())


def add_version(
    connection: Connection, id: int, version: int, at: int, actor: str, body: dict[str, Any]
) -> None:
    row = {"article": id, "version": version, "at": at, "actor": actor, "body": body}
    connection.execute(insert(hotline_article_versions).values(**row))


def change(connection: Connection, id: int, **values: Any) -> None:
    connection.execute(update(hotline_articles).where(_article.id == id).values(**values))


def use(connection: Connection, id: int, helpful: bool | None) -> None:
    """An article was used in an answer. Raises NoSuchArticle."""
    get(connection, id)
    counts: dict[str, Any] = {"used": _article.used + 1}
    if helpful is not None:
        name = "helpful" if helpful else "unhelpful"
        counts[name] = _article[name] + 1
    change(connection, id, **counts)


# The index


def index(connection: Connection, id: int, heading: str, text: str) -> None:
    """Make an article found by these texts, and no others."""
    forget(connection, id)
    weights = dict.fromkeys(words.pieces(words.folded(text)), model.BODY)
    weights |= dict.fromkeys(words.pieces(words.folded(heading)), model.HEADING)
    rows = [{"piece": one, "article": id, "weight": weight} for one, weight in weights.items()]
    if rows:
        connection.execute(insert(hotline_article_pieces), rows)


def forget(connection: Connection, id: int) -> None:
    connection.execute(delete(hotline_article_pieces).where(_piece.article == id))


def fitting(connection: Connection, text: str, today: str, most: int) -> list[tuple[int, float]]:
    """Published articles that are valid today and fit a text, with how well (0 to 1), the best
    first; the same on every database."""
    asked = words.wanted(words.folded(text))[0]
    if not asked:
        return []
    found = select(_piece.piece, func.count()).where(_piece.piece.in_(asked)).group_by(_piece.piece)
    known = {row[0]: int(row[1]) for row in connection.execute(found)}
    counts = {one: known.get(one, 0) for one in asked}
    total = connection.execute(select(func.count()).where(_article.published.is_not(None))).scalar()
    rarest = sorted(known, key=lambda one: (known[one], one))[:_RAREST]
    query = (
        select(_piece.article, _piece.piece, _piece.weight)
        .join(hotline_articles, _article.id == _piece.article)
        .where(
            _piece.piece.in_(rarest),
            _article.published.is_not(None),
            _article.valid_from <= today,
            or_(_article.valid_until == "", _article.valid_until >= today),
        )
    )
    hits = [Hit(*row) for row in connection.execute(query)]
    return model.ranked(hits, counts, total or 0)[:most]
