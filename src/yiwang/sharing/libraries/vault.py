"""How values lie in the database: what is sealed, and by which digests records are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Column

from yiwang.security.actions import Caller
from yiwang.security.protection import resealing
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.libraries.model import Library
from yiwang.sharing.libraries.tables import share_library_records, share_library_versions

RECORDS, VERSIONS = share_library_records.c.sealed, share_library_versions.c.sealed


@dataclass(frozen=True)
class Vault:
    """Seals what a declaration does not leave open, together with the key of the row, and makes
    digests that nobody without the city's master key can try values against."""

    keys: FieldKeys
    secret: bytes

    @classmethod
    def of(cls, caller: Caller) -> Vault:
        secret = caller.ports[Protection].secret("libraries")
        return cls(caller.ports[FieldKeys], secret)

    def laid(
        self, body: Mapping[str, Any], library: Library, column: Column[str], row: int
    ) -> dict[str, Any]:
        """``body``: ``key`` and ``values`` of a record. As the columns ``body`` and ``sealed``."""
        values = body["values"]
        if not library.sealed and library.plain.issuperset(values):
            return {"body": body, "sealed": None}
        plain = {name: value for name, value in values.items() if name in library.plain}
        hidden = {name: value for name, value in values.items() if name not in library.plain}
        whole = msgspec.json.encode({"key": body["key"], "values": hidden}).decode()
        place = resealing.place(column, row)
        return {"body": {"values": plain}, "sealed": self.keys.seal(whole, place)}

    def opened(
        self, body: Mapping[str, Any], sealed: str | None, column: Column[str], row: int
    ) -> dict[str, Any]:
        """What ``laid`` was given. Raises NoFieldKey, SealBroken."""
        found = {"key": body.get("key", []), "values": dict(body["values"])}
        if sealed is not None:
            hidden = msgspec.json.decode(self.keys.open(sealed, resealing.place(column, row)))
            found["key"] = hidden["key"]
            found["values"] |= hidden["values"]
        return found

    def number(self, library: int, text: str) -> int:
        """A digest that is a number of 64 bits with a sign."""
        told = blake2b(f"{library}\0{text}".encode(), digest_size=8, key=self.secret)
        return int.from_bytes(told.digest(), "big", signed=True)

    def digest(self, *parts: Any) -> str:
        told = blake2b(msgspec.json.encode(parts), digest_size=16, key=self.secret)
        return told.hexdigest()
