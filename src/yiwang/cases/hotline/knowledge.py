"""The knowledge base: articles written by departments, published by the centre, found by all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from yiwang.cases import catalogue
from yiwang.cases.city import City
from yiwang.cases.errors import BadTarget
from yiwang.cases.hotline import board, shelf, views
from yiwang.cases.hotline.errors import BadArticle, NoSuchArticle, OtherArticle
from yiwang.cases.hotline.shelf import Wanted
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed

MOST_TEXT = 20_000
MOST_WORDS = 50


@dataclass(frozen=True)
class Article:
    """A question and its answer. Dates are ISO days of the city, empty for none; ``review_on``
    is set when it is published, where it is empty."""

    question_zh: str = ""
    answer_zh: str = ""
    question_en: str = ""
    answer_en: str = ""
    classes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    valid_from: str = ""
    valid_until: str = ""
    review_on: str = ""


@query("cases.list_articles", permission="cases.read")
def list_articles(
    ctx: Context, wanted: Wanted, text: str, after: int, most: int, lang: str
) -> list[dict[str, Any]]:
    """Articles, the newest first, or those that fit a text, the best first. Who does not write
    any sees those that are published."""
    connection, day = ctx.connection, today(ctx)
    if text.strip():
        fits = dict(shelf.fitting(connection, text, day, most))
        rows = sorted(shelf.many(connection, fits), key=lambda one: (-fits[one.id], one.id))
        return views.articles(ctx, rows, lang)
    state = wanted.state if allowed(ctx.identity, "cases.write_articles") else "published"
    asked = Wanted(state, wanted.stale, wanted.organisations, day)
    return views.articles(ctx, shelf.listing(connection, asked, after, most), lang)


@query("cases.show_article", permission="cases.read")
def show_article(ctx: Context, id: int, lang: str) -> dict[str, Any]:
    """An article; for those who write, with all its versions. Raises NoSuchArticle."""
    row = shelf.get(ctx.connection, id)
    writes = allowed(ctx.identity, "cases.write_articles")
    if row.published is None and not writes:
        raise NoSuchArticle(id=id)
    found = [] if not writes else shelf.versions(ctx.connection, id)
    listed = [
        {"version": one.version, "at": clock.render(one.at), "actor": one.actor} | one.body
        for one in found
    ]
    return views.articles(ctx, [row], lang)[0] | {"versions": listed}


@action("cases.write_article", permission="cases.write_articles", audit_verb="article_written")
def write_article(
    ctx: Context, given: Article, organisation: int | None = None, code: str = ""
) -> int:
    """A new article, as a draft; returns its number. A department writes its own. Raises
    BadArticle, BadTarget, OtherArticle."""
    owner = _owner(ctx, organisation)
    checked = check(ctx, given)
    if code and shelf.by_code(ctx.connection, code) is not None:
        raise BadArticle("code", name="code", value=code[:100])
    made = shelf.add(ctx.connection, code.strip()[:128], owner, ctx.now)
    _version(ctx, made, 1, checked)
    ctx.note(f"article:{made}", version=1)
    return made


@action("cases.change_article", permission="cases.write_articles", audit_verb="article_changed")
def change_article(ctx: Context, id: int, given: Article) -> int:
    """A new version, as a draft: what is published stays until it is published too. Returns its
    number. Raises NoSuchArticle, BadArticle, OtherArticle."""
    row = shelf.get(ctx.connection, id)
    _may_write(ctx, row.organisation)
    version = int(row.version) + 1
    _version(ctx, id, version, check(ctx, given))
    ctx.note(f"article:{id}", version=version)
    return version


@action(
    "cases.publish_article", permission="cases.publish_articles", audit_verb="article_published"
)
def publish_article(ctx: Context, id: int) -> int:
    """The newest version is found from now on. Returns its number. Raises NoSuchArticle."""
    row = shelf.get(ctx.connection, id)
    body = shelf.bodies(ctx.connection, [(id, row.version)])[(id, row.version)]
    due = date.fromisoformat(today(ctx)) + timedelta(days=board.of(ctx).review_days)
    review = body["review_on"] or due.isoformat()
    shelf.change(
        ctx.connection,
        id,
        state="published",
        published=row.version,
        valid_from=body["valid_from"],
        valid_until=body["valid_until"],
        review_on=review,
        changed_at=ctx.now,
    )
    heading = [body["question_zh"], body["question_en"], *body["keywords"]]
    text = (body["answer_zh"], body["answer_en"])
    shelf.index(ctx.connection, id, "\n".join(heading), "\n".join(text))
    ctx.note(f"article:{id}", version=row.version)
    return int(row.version)


@action("cases.retire_article", permission="cases.publish_articles", audit_verb="article_retired")
def retire_article(ctx: Context, id: int) -> None:
    """It is found no longer; its versions stay. Raises NoSuchArticle."""
    shelf.get(ctx.connection, id)
    shelf.change(ctx.connection, id, state="retired", published=None, changed_at=ctx.now)
    shelf.forget(ctx.connection, id)
    ctx.note(f"article:{id}")


def check(ctx: Context, given: Article) -> dict[str, Any]:
    """The article as it is kept. Raises BadArticle."""
    body: dict[str, Any] = {name: _stripped(name, value) for name, value in asdict(given).items()}
    if not (body["question_zh"] and body["answer_zh"]) and not (
        body["question_en"] and body["answer_en"]
    ):
        raise BadArticle("question_zh", name="question, answer", value="")
    for name in ("valid_from", "valid_until", "review_on"):
        body[name] = _day(name, body[name])
    if body["valid_until"] and body["valid_until"] < body["valid_from"]:
        raise BadArticle("valid_until", name="valid_until", value=body["valid_until"])
    known = catalogue.newest(ctx, body["classes"])
    for code in body["classes"]:
        if code not in known:
            raise BadArticle("classes", name="classes", value=code[:100])
    return body


def today(ctx: Context) -> str:
    """The day in the city, ISO."""
    calendar = ctx.caller.calendar
    return clock.to_datetime(ctx.now).astimezone(calendar.zone).date().isoformat()


def _stripped(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            raise BadArticle(name, name=name, value=value[:40])
        return value.strip()
    words = [one.strip() for one in value if one.strip()]
    if len(words) > MOST_WORDS or any(len(one) > 128 for one in words):
        raise BadArticle(name, name=name, value=f"{len(words)}")
    return words


def _day(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise BadArticle(name, name=name, value=value[:40]) from None


def _version(ctx: Context, id: int, version: int, body: Mapping[str, Any]) -> None:
    shelf.add_version(ctx.connection, id, version, ctx.now, ctx.identity.label, dict(body))
    row = shelf.get(ctx.connection, id)
    state = "published" if row.published is not None else "draft"
    shelf.change(ctx.connection, id, version=version, state=state, changed_at=ctx.now)


def _owner(ctx: Context, organisation: int | None) -> int | None:
    if organisation is None and not allowed(ctx.identity, "cases.publish_articles"):
        organisation = ctx.identity.organisation
    _may_write(ctx, organisation)
    if organisation is not None and City(ctx).organisation(organisation) is None:
        raise BadTarget("organisation", what="organisation", value=organisation)
    return organisation


def _may_write(ctx: Context, organisation: int | None) -> None:
    """The centre writes any article, others those of their department."""
    if allowed(ctx.identity, "cases.publish_articles"):
        return
    if organisation is None or organisation != ctx.identity.organisation:
        raise OtherArticle(organisation=organisation)
