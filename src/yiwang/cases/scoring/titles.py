"""What groups are called, in both languages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from yiwang.cases import catalogue, city
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.tables import case_classes
from yiwang.kernel.text import LANGUAGES, find
from yiwang.security.actions import Context

Titles = dict[Any, dict[str, str]]


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
    column = case_results.c.person
    query = (
        select(column, func.max(case_results.c.person_name))
        .where(column.in_(sorted(keys)))
        .group_by(column)
    )
    return {
        name: dict.fromkeys(LANGUAGES, shown or name)
        for name, shown in ctx.connection.execute(query)
    }


def _channels(ctx: Context, keys: Collection[Any]) -> Titles:
    return {
        key: {lang: find(f"cases.channel.{key}", lang) or key for lang in LANGUAGES} for key in keys
    }
