"""What rules ask about places: their attributes and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from yiwang.registry import service as registry
from yiwang.registry.errors import UnknownRecord
from yiwang.security.actions import Caller, Context


class Sites(Protocol):
    """Port: the places that rules judge."""

    def attributes(self, kind: str) -> Mapping[int, Mapping[str, Any]]:
        """Place → its attributes, for every place of a kind."""
        ...


class RegistrySites:
    """Sites as the registry has them."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def attributes(self, kind: str) -> Mapping[int, Mapping[str, Any]]:
        return registry.place_attributes(self._caller, kind)


def names(ctx: Context, places: Iterable[int], lang: str) -> dict[int, str]:
    """Names of places by number; a place that is not in the registry has none."""
    found = {}
    for number in set(places):
        try:
            place = registry.place(ctx, number)
        except UnknownRecord:
            continue
        pair = (place.name_zh, place.name_en)
        first, second = pair if lang == "zh-CN" else pair[::-1]
        found[number] = first or second or place.code
    return found
