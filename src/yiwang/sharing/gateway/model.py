"""Questions to the gateway, and cursors that tell nothing: pure."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yiwang.sharing.gateway.errors import BadCursor, BadQuery
from yiwang.sharing.sources.model import Condition, Order

OPERATORS = {
    "": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "in": "in",
    "starts": "starts",
    "contains": "contains",
    "null": "null",
    "present": "present",
}
"""Behind the name of a column: ``where.level.gt=10``."""
MOST_ROWS = 1000
MOST_CONDITIONS = 20
_WHERE = "where."
_NONCE = 12


class Question(msgspec.Struct, frozen=True):
    """``fields`` empty: all that are granted. ``after``: a cursor, or empty."""

    fields: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int = 100
    after: str = ""


def parse(parameters: Iterable[tuple[str, str]]) -> Question:
    """``?fields=a,b&where.level.gt=10&where.name=x&order=-level,name&limit=100&after=…``.
    Raises BadQuery."""
    values: dict[str, Any] = {}
    where: list[Condition] = []
    for name, value in parameters:
        if name.startswith(_WHERE):
            where.append(_condition(name[len(_WHERE) :], value))
        elif name == "fields":
            values[name] = tuple(_names(value))
        elif name == "order":
            values[name] = tuple(Order(one.lstrip("-"), one[0] == "-") for one in _names(value))
        elif name == "limit":
            values[name] = _limit(value)
        elif name == "after":
            values[name] = value
        else:
            raise BadQuery(name, name=name, wanted="fields, where.*, order, limit, after")
    if len(where) > MOST_CONDITIONS:
        raise BadQuery("where", name="where", wanted=f"at most {MOST_CONDITIONS}")
    return Question(**values, where=tuple(where))


def compared(parameters: Iterable[tuple[str, str]]) -> set[str]:
    """The columns that a question compares with ``=``; others come with their operator."""
    return {name[len(_WHERE) :] for name, _ in parameters if name.startswith(_WHERE)}


def _names(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip("- ")]


def _limit(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MOST_ROWS:
        raise BadQuery("limit", name="limit", wanted=f"1 … {MOST_ROWS}")
    return int(value)


def _condition(name: str, value: str) -> Condition:
    column, _, suffix = name.rpartition(".")
    if not column or suffix not in OPERATORS:
        column, suffix = name, ""
    operator = OPERATORS[suffix]
    if operator == "in":
        return Condition(column, operator, value.split(","))
    return Condition(column, operator, None if operator in ("null", "present") else value)


class Sealed:
    """Cursors of pages. The values that they hold, of columns that may not be granted, are
    encrypted and bound to one grant and one question."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, values: Sequence[Any], grant: int, question: Question) -> str:
        nonce = os.urandom(_NONCE)
        plain = msgspec.msgpack.encode([_plain(one) for one in values])
        sealed = self._cipher.encrypt(nonce, plain, _bound(grant, question))
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, text: str, grant: int, question: Question) -> list[Any]:
        """Raises BadCursor."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _bound(grant, question))
            return list(msgspec.msgpack.decode(plain))
        except (ValueError, InvalidTag, msgspec.DecodeError):
            raise BadCursor("after") from None


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _bound(grant: int, question: Question) -> bytes:
    asked = msgspec.structs.replace(question, after="", limit=1)
    return hashlib.sha256(f"{grant}\x1f".encode() + msgspec.json.encode(asked)).digest()
