"""Keyset pages: a cursor names the last row seen, so page 10,000 costs what page 1 costs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from yiwang.kernel.text import phrase
from yiwang.web import render
from yiwang.web.errors import BadParameter

MOST = 2**63 - 1
"""The largest number that a database holds."""
_CURSOR = phrase("cursor_of_page")


@dataclass(frozen=True)
class Page:
    """What a list is asked for: at most ``limit`` rows behind the keys ``after``."""

    limit: int = 50
    after: tuple[Any, ...] | None = None

    def keys(self, *kinds: type) -> tuple[Any, ...] | None:
        """The keys behind which a list goes on, of these kinds; None for its beginning. Raises
        BadParameter for a cursor of another list."""
        if self.after is None:
            return None
        fits = tuple(map(type, self.after)) == kinds
        if not fits or any(isinstance(one, int) and abs(one) > MOST for one in self.after):
            value = str(list(self.after))[:40]
            raise BadParameter("after", name="after", value=value, wanted=_CURSOR)
        return self.after

    def number(self) -> int | None:
        """The number behind which a list by numbers goes on. Raises BadParameter."""
        found = self.keys(int)
        return None if found is None else int(found[0])

    def text(self) -> str:
        """The text behind which a list by texts goes on; "" for its beginning. Raises
        BadParameter."""
        found = self.keys(str)
        return "" if found is None else str(found[0])


def wanted(request: Request, most: int = 1000) -> Page:
    """The page a request asks for with ?limit= and ?after=."""
    limit = render.number(request, "limit", 50, 1, most)
    text = request.query_params.get("after")
    if not text:
        return Page(limit)
    try:
        padded = text + "=" * (-len(text) % 4)
        return Page(limit, tuple(msgspec.json.decode(base64.urlsafe_b64decode(padded))))
    except (ValueError, TypeError, msgspec.DecodeError):
        path = request.url.path
        raise BadParameter(path, name="after", value=text, wanted=_CURSOR) from None


def cursor(keys: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(keys))).decode().rstrip("=")


def listing(items: Sequence[Any], limit: int, keys: Sequence[Any] | None) -> dict[str, Any]:
    """``{"items", "next"}``; ``keys`` are the last item's, used when the page is full."""
    full = keys is not None and len(items) >= limit
    return {"items": list(items), "next": cursor(keys) if full and keys is not None else None}
