"""Packs over HTTP: /api/packs and /api/packs/{name}."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import text
from yiwang.packs import service
from yiwang.packs.explain import explain
from yiwang.packs.library import Library
from yiwang.packs.problems import text_of
from yiwang.packs.service import Status
from yiwang.security.actions import Caller
from yiwang.web import calls, render


def routes() -> list[Route]:
    return [
        Route("/api/packs", listing, methods=["GET"]),
        Route("/api/packs/{name}", show, methods=["GET"]),
    ]


async def listing(request: Request) -> Response:
    """Every pack: name, title, version, state, what is wrong, what waits to be accepted."""
    lang = _lang(request)
    found = await calls.run(service.statuses, request.state.caller, _library(request))
    return render.json({"items": [_summary(one, lang) for one in found], "next": None})


async def show(request: Request) -> Response:
    """One pack with its inputs, rules, classes, what it shares, its history and its page."""
    return render.json(await calls.run(_detail, request, request.path_params["name"]))


def _detail(request: Request, name: str) -> dict[str, Any]:
    caller: Caller = request.state.caller
    lang, library = _lang(request), _library(request)
    found = _summary(service.status(caller, library, name), lang)
    found["history"] = service.history(caller, name)
    checked, city = library.read(library.find(name))
    pack = checked.pack
    if pack is None:
        return found
    inputs = [
        {**one.form(lang), "value": city.inputs.get(one.name)} for one in pack.inputs.values()
    ]
    codes = [one.code for one in pack.cases.classes]
    shares = [
        {
            "name": one.name,
            "title": text_of(one.title, lang),
            "share": one.share,
            "open": one.open,
            "label": one.label,
            "basis": one.basis,
        }
        for one in pack.sharing.values()
    ]
    return found | {
        "summary": pack.texts.find(("pack", "summary"), lang),
        "permissions": list(pack.manifest.permissions),
        "inputs": inputs,
        "kinds": sorted(pack.devices.kinds),
        "rules": [rule.name for rule in pack.rules.rules],
        "case_classes": codes,
        "shares": shares,
        "explanation": explain(pack, city, caller.clock.now(), lang) if not checked.errors else "",
    }


def _summary(one: Status, lang: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": text_of(one.title, lang) or one.name,
        "version": one.version,
        "builtin": one.builtin,
        "state": one.state,
        "errors": [error.get(lang, "") for error in one.errors],
        "widens": [words.get(lang, "") for words in one.widens],
        "changed_at": render.instant(one.changed_at),
    }


def _lang(request: Request) -> str:
    return text.choose(request.headers.get("accept-language", ""))


def _library(request: Request) -> Library:
    library: Library = request.state.caller.ports[Library]
    return library
