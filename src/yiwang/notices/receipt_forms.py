"""How gateways write their receipts: query string, form or JSON, one at a time or many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from yiwang.notices.errors import BadReceipt

MOST = 1000
"""Receipts in one request, and fields of a form."""

Receipt = Mapping[str, Any]


def read(asked: Receipt, body: bytes, listed_in: str = "") -> list[Receipt]:
    """The receipts of a request. ``asked`` is its query string, which says what the body leaves
    out; a body is a JSON object, a list of them, or a form. ``listed_in`` names the field that
    holds the list, as JSON or as JSON in a text. Raises BadReceipt."""
    said = _said(body)
    if listed_in and isinstance(said, dict):
        asked = {**asked, **said}
        said = asked.pop(listed_in, {})
        said = _json(said) if isinstance(said, str) else said
    found = said if isinstance(said, list) else [said]
    if len(found) > MOST or not all(isinstance(one, dict) for one in found):
        raise BadReceipt("body")
    return [{**asked, **one} for one in found]


def field(receipt: Receipt, name: str) -> str:
    """A field as text, empty where it is not there; ``status.name`` is a field of a field."""
    value: Any = receipt
    for part in [name] if name in receipt else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _said(body: bytes) -> Any:
    """By what it holds: gateways are careless about the type that they give."""
    try:
        text = body.decode().strip()
    except UnicodeDecodeError:
        raise BadReceipt("body") from None
    if not text:
        return {}
    if text[0] in "[{":
        return _json(text)
    try:
        return dict(
            parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST)
        )
    except ValueError:
        raise BadReceipt("body") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadReceipt("body") from None
