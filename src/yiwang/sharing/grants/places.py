"""Wrong values that users report: where they stand and what they should be lies sealed, and is
shown to those whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from yiwang.security.actions import Context
from yiwang.security.protection import resealing
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.grants.tables import share_complaints


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrong value: the key of its row, its column, and what should stand there."""

    key: dict[str, Any]
    column: str
    value: Any = None


def sealed(ctx: Context, complaint: int, place: Place) -> dict[str, Any]:
    """As the column ``place`` of a complaint holds it: the column alone can be read."""
    plain = msgspec.json.encode({"key": place.key, "value": place.value}).decode()
    return {"column": place.column, "sealed": ctx.port(FieldKeys).seal(plain, _where(complaint))}


def opened(ctx: Context, complaint: int, held: Mapping[str, Any]) -> Place:
    """What was ``sealed``, or lies there as older versions wrote it. Raises NoFieldKey,
    SealBroken."""
    if "sealed" not in held:
        return msgspec.convert(dict(held), Place)
    plain = ctx.port(FieldKeys).open(held["sealed"], _where(complaint))
    return Place(column=held["column"], **msgspec.json.decode(plain))


def _where(complaint: int) -> str:
    return resealing.place(share_complaints.c.place, complaint)
