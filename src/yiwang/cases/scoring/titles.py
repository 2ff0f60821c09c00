"""What groups are called, in both languages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, func, select

from yiwang.cases import catalogue, city
from yiwang.cases.hotline import board
from yiwang.cases.tables import case_classes, cases
from yiwang.kernel.text import LANGUAGES, find
from yiwang.registry.tables import people
from yiwang.security.actions import Context
from yiwang.store.statements import Statement

Titles = dict[Any, dict[str, str]]
_HANDLER = Statement(
    select(cases.c.handler_name)
    .where(cases.c.handler == bindparam("handler", ""))
    .order_by(cases.c.open.desc(), cases.c.no.desc())
    .limit(1)
)


def titles(ctx: Context, by: str, keys: Collection[Any]) -> Titles:
    """A title in each language for each key; what is not known is called by its key."""
    named = {"class": _classes, "person": _people, "channel": _channels}
    found = named[by](ctx, keys) if by in named else _registered(ctx, by, keys)
    for key in keys:
        if key in (0, ""):
            found[key] = {lang: find(f"cases.nobody.{by}", lang) or "–" for lang in LANGUAGES}
        found.setdefault(key, dict.fromkeys(LANGUAGES, str(key)))
    return found


def _registered(ctx: Context, by: str, keys: Collection[Any]) -> Titles:
    look = city.organisation_names if by == "organisation" else city.area_names
    numbers = {key for key in keys if key}
    names = {lang: look(ctx, numbers, lang) for lang in LANGUAGES}
    return {
        key: {lang: names[lang][key] for lang in LANGUAGES}
        for key in numbers
        if key in names[LANGUAGES[0]]
    }


def _classes(ctx: Context, keys: Collection[Any]) -> Titles:
    newest = select(func.max(case_classes.c.id)).where(case_classes.c.code.in_(sorted(keys)))
    found: Titles = {}
    for (number,) in ctx.connection.execute(newest.group_by(case_classes.c.code)):
        one = catalogue.by_id(ctx, number)
        some = one.title.get("zh-CN") or one.title.get("en") or one.code
        found[one.code] = {lang: one.title.get(lang) or some for lang in LANGUAGES}
    return found


def _people(ctx: Context, keys: Collection[Any]) -> Titles:
    """By the register, else as a case of theirs calls them."""
    query = select(people.c.user, people.c.name).where(people.c.user.in_(sorted(keys)))
    names: dict[str, str] = {user: name for user, name in ctx.connection.execute(query)}
    for key in {key for key in keys if key} - set(names):
        names[key] = _HANDLER.value(ctx.connection, {"handler": key}) or key
    return {key: dict.fromkeys(LANGUAGES, name) for key, name in names.items()}


def _channels(ctx: Context, keys: Collection[Any]) -> Titles:
    """As the city's hotline calls them, else the usual words."""
    own = board.of(ctx).channels
    found: Titles = {}
    for key in keys:
        named = own[key].title if key in own else {}
        found[key] = {
            lang: named.get(lang) or find(f"cases.channel.{key}", lang) or key for lang in LANGUAGES
        }
    return found
