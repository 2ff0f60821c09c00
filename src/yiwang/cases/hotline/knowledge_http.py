"""The knowledge base over HTTP: /api/hotline/articles…"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.hotline import figures, importing, knowledge
from yiwang.cases.hotline.http import language
from yiwang.cases.hotline.knowledge import Article
from yiwang.cases.hotline.shelf import Wanted
from yiwang.web import calls as running
from yiwang.web import render

MOST_FILE = 32 * 1024 * 1024


class ArticleBody(msgspec.Struct, forbid_unknown_fields=True):
    """Days are ISO dates of the city."""

    question_zh: str = ""
    answer_zh: str = ""
    question_en: str = ""
    answer_en: str = ""
    classes: list[str] = []
    keywords: list[str] = []
    valid_from: str = ""
    valid_until: str = ""
    review_on: str = ""
    organisation: int | None = None
    code: str = ""

    def article(self) -> Article:
        values: dict[str, Any] = msgspec.structs.asdict(self)
        del values["organisation"], values["code"]
        lists = {name: tuple(values[name]) for name in ("classes", "keywords")}
        return Article(**(values | lists))


def routes() -> list[Route]:
    return [
        Route("/api/hotline/articles", articles, methods=["GET"]),
        Route("/api/hotline/articles", write, methods=["POST"]),
        Route("/api/hotline/articles/import", import_file, methods=["POST"]),
        Route("/api/hotline/articles/missing", missing, methods=["GET"]),
        Route("/api/hotline/articles/{id:int}", article, methods=["GET"]),
        Route("/api/hotline/articles/{id:int}", change, methods=["PUT"]),
        Route("/api/hotline/articles/{id:int}/publish", publish, methods=["POST"]),
        Route("/api/hotline/articles/{id:int}/retire", retire, methods=["POST"]),
    ]


async def articles(request: Request) -> Response:
    """Articles: ?q= a text that they fit; else by ?state=, ?organisation=, ?stale=true."""
    asked, most = request.query_params, 50
    unit = render.number(request, "organisation", 0, 0, 2**53)
    owners = frozenset({unit}) if unit else None
    wanted = Wanted(asked.get("state", ""), asked.get("stale", "") in ("1", "true"), owners)
    after = render.number(request, "after", 0, 0, 2**53)
    args = (wanted, asked.get("q", ""), after, most, language(request))
    found = await running.run(knowledge.list_articles, request.state.caller, *args)
    more = len(found) == most and not asked.get("q", "").strip()
    return render.json({"items": found, "next": found[-1]["id"] if more else None})


async def article(request: Request) -> Response:
    """One article, for those who write with its versions."""
    caller, lang = request.state.caller, language(request)
    return render.json(await running.run(knowledge.show_article, caller, _id(request), lang))


async def write(request: Request) -> Response:
    """A new article, as a draft."""
    asked = await render.body(request, ArticleBody)
    args = (asked.article(), asked.organisation, asked.code)
    made = await running.run(knowledge.write_article, request.state.caller, *args)
    return render.json({"id": made, "version": 1}, 201)


async def change(request: Request) -> Response:
    """A new version of an article, as a draft."""
    asked = await render.body(request, ArticleBody)
    id = _id(request)
    version = await running.run(knowledge.change_article, request.state.caller, id, asked.article())
    return render.json({"id": id, "version": version})


async def publish(request: Request) -> Response:
    """The newest version is found from now on."""
    id = _id(request)
    version = await running.run(knowledge.publish_article, request.state.caller, id)
    return render.json({"id": id, "version": version})


async def retire(request: Request) -> Response:
    """An article is found no longer."""
    await running.run(knowledge.retire_article, request.state.caller, _id(request))
    return Response(status_code=204)


async def missing(request: Request) -> Response:
    """What callers asked last and no article answered."""
    found = await running.run(figures.missing_articles, request.state.caller)
    return render.json({"items": found, "next": None})


async def import_file(request: Request) -> Response:
    """A CSV file of articles as the body; with ?publish=true they are published at once."""
    content = await render.raw(request, MOST_FILE)
    publish = request.query_params.get("publish", "") in ("1", "true")
    caller, lang = request.state.caller, language(request)
    told = await running.run(importing.import_articles, caller, content, publish, lang)
    return render.json(told)


def _id(request: Request) -> int:
    return min(int(request.path_params["id"]), 2**53)
