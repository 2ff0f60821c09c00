"""Classes of the catalogue: those of the national guide, overlaid by the city's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import msgspec
import yaml
from sqlalchemy import Connection

from yiwang.registry import service as registry
from yiwang.security.actions import Context, action, query
from yiwang.sharing.catalogue import model, store
from yiwang.sharing.catalogue.errors import BadClass


class Class(msgspec.Struct, frozen=True):
    """A class: 类 of one digit, 项 of two more, 目 of three more, 细目 of any number more.
    ``organisation`` is the department that a department class is of."""

    code: str
    name_zh: str
    name_en: str
    organisation: int | None = None
    own: bool = False

    def name(self, lang: str) -> str:
        first, second = self.name_zh, self.name_en
        return (first or second) if lang.startswith("zh") else (second or first)


@cache
def of_the_guide() -> dict[str, Class]:
    """The classes that the guide names (``default.yaml``), by code."""
    file = resources.files("yiwang.sharing.catalogue").joinpath("default.yaml")
    listed: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["classes"]
    return {one["code"]: Class(one["code"], one["zh"], one["en"]) for one in listed}


def known(connection: Connection) -> Mapping[str, Class]:
    """Every class by code, in the order of the codes. The same object as long as none changes."""
    return _known(tuple(map(tuple, store.classes(connection))))


@lru_cache(maxsize=8)
def _known(own: tuple[tuple[Any, ...], ...]) -> Mapping[str, Class]:
    mine = {code: Class(code, zh, en, unit, True) for code, zh, en, unit in own}
    found = of_the_guide() | mine
    return MappingProxyType(dict(sorted(found.items())))


def of(ctx: Context) -> Mapping[str, Class]:
    """As ``known``, read once in an action, however many entries it checks."""
    if known not in ctx.kept:
        ctx.kept[known] = known(ctx.connection)
    found: Mapping[str, Class] = ctx.kept[known]
    return found


def path(classes: Mapping[str, Class], code: str, lang: str) -> list[str]:
    """The names of a class and those above it, the widest first."""
    names: list[str] = []
    while code:
        if code in classes:
            names.insert(0, classes[code].name(lang))
        code = model.parent(code)
    return names


@query("sharing.classes", permission="sharing.read_opened")
def listing(ctx: Context) -> list[Class]:
    """Every class of the catalogue, by code."""
    return list(known(ctx.connection).values())


@action("sharing.put_class", permission="sharing.review", audit_verb="share_class_put")
def put(
    ctx: Context, code: str, name_zh: str, name_en: str = "", organisation: int | None = None
) -> None:
    """Add a class below one that is there, or give one another name. Raises BadClass,
    UnknownRecord."""
    above = model.parent(code)
    if not model.CLASS_CODE.fullmatch(code):
        raise BadClass(code, code=code, why="code")
    if above not in known(ctx.connection) and above:
        raise BadClass(code, code=code, why="parent")
    if not name_zh.strip() or len(name_zh) > 128 or len(name_en) > 128:
        raise BadClass(code, code=code, why="name")
    if organisation is not None:
        registry.organisation(ctx, organisation)
    row = {"code": code, "name_zh": name_zh.strip(), "name_en": name_en.strip()}
    ctx.kept.pop(known, None)
    store.put_class(ctx.connection, row | {"organisation": organisation})
    ctx.note(f"share_class:{code}", name=name_zh)


@action("sharing.remove_class", permission="sharing.review", audit_verb="share_class_removed")
def remove(ctx: Context, code: str) -> None:
    """Take away a class of the city's own in which there is nothing, or its own name for one of
    the guide. Raises BadClass."""
    held = known(ctx.connection)
    below = any(model.parent(one) == code for one in held)
    if code not in of_the_guide() and (below or store.in_class(ctx.connection, code)):
        raise BadClass(code, code=code, why="used")
    ctx.kept.pop(known, None)
    if not store.remove_class(ctx.connection, code):
        raise BadClass(code, code=code, why="unknown")
    ctx.note(f"share_class:{code}")
