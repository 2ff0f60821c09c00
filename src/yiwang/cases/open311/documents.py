"""Answers as the standard writes them: XML, and the same by the Spark convention as JSON.

GeoReport v2, "Format Support", "XML Support", "JSON Support", "Errors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import msgspec

MEDIA = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ITEMS = {
    "endpoints": "endpoint",
    "formats": "format",
    "attributes": "attribute",
    "values": "value",
    "photos": "photo",
    "notes": "note",
}
"""Names of the elements of lists inside an answer."""


@dataclass(frozen=True)
class Document:
    """One answer: the root element, the name of its items when it is a list, and the body."""

    root: str
    item: str
    body: Any

    def render(self, form: str) -> bytes:
        if form == "json":
            return msgspec.json.encode(self.body)
        head = '<?xml version="1.0" encoding="utf-8"?>\n'
        items = {self.item: self.body} if self.item else self.body
        return (head + _element(self.root, items, self.item)).encode()


def errors(status: int, description: str) -> Document:
    """Errors: a list of code and description, the code that of HTTP."""
    return Document("errors", "error", [{"code": status, "description": description}])


def _element(name: str, value: Any, item: str = "") -> str:
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, Mapping):
        inner = "".join(
            _items(key, below) if key == item else _element(key, below)
            for key, below in value.items()
        )
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = _items(_ITEMS.get(name, "value"), value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(_NOT_XML.sub("\ufffd", str(value)))
    return f"<{name}>{inner}</{name}>"


def _items(name: str, values: Sequence[Any]) -> str:
    return "".join(_element(name, value) for value in values)
