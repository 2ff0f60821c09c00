"""Masks applied to single values and to columns. Both show the same; columns are vectorised."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yiwang.security.protection import coarser, formats
from yiwang.security.protection.ff1 import Ff1
from yiwang.security.protection.masks import Mask

HIDDEN = "*"
_DAY = timedelta(days=1)


class Masker:
    """One mask with the key that it needs. ``column`` names the column in the noise, so that two
    columns of one row are not moved alike."""

    def __init__(self, mask: Mask, key: bytes, column: str = "") -> None:
        self.mask = mask
        self._key = key
        self._column = column
        self._cipher = Ff1(key[:16], b"yiwang") if mask.method == "format" else None
        self._one = getattr(self, f"_{mask.method}")

    def value(self, value: Any, row: str = "") -> Any:
        """What is shown of a value; None of none. ``row`` is the key of the row, for noise: with
        it equal values are moved differently. Repeated questions get the same answer."""
        if value is None:
            return None
        return self._one(value, row)

    def undone(self, value: str) -> str | None:
        """What a value of method ``format`` was before."""
        if self._cipher is None:
            return None
        return formats.turned(self.mask.kind, value, self._cipher, self.mask.first, back=True)

    def values(self, column: Any, rows: Sequence[str] | None = None) -> Any:
        """What is shown of an Arrow array or chunked array, as one array of the same length."""
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        method = self.mask.method
        if method == "plain":
            return whole
        if method == "suppress":
            return pa.nulls(len(whole), whole.type)
        if method == "keep" and _is_text(whole.type):
            return self._keep_all(whole)
        if method == "noise":
            plain = whole.to_pylist()
            keys = rows if rows is not None else [""] * len(plain)
            return pa.array([self.value(*one) for one in zip(plain, keys, strict=True)])
        return self._by_distinct(whole)

    def _by_distinct(self, whole: Any) -> Any:
        """Each distinct value is masked once."""
        coded = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
        shown = [self.value(one) for one in coded.dictionary.to_pylist()]
        kind = pa.float64() if self.mask.to == "decimals" and self.mask.method != "keep" else None
        made = pa.array(shown, kind or pa.string())
        return made.take(coded.indices)

    def _keep_all(self, whole: Any) -> Any:
        first, last = self.mask.first, self.mask.last
        lengths = pc.utf8_length(whole)
        enough = pc.greater(lengths, first + last)
        stars = pc.if_else(enough, pc.subtract(lengths, first + last), lengths)
        parts = [pc.binary_repeat(pa.scalar(HIDDEN, whole.type), stars)]
        nothing = pa.scalar("", whole.type)
        if first:
            shown = pc.if_else(enough, pc.utf8_slice_codeunits(whole, 0, first), nothing)
            parts.insert(0, shown)
        if last:
            shown = pc.if_else(enough, pc.utf8_slice_codeunits(whole, -last), nothing)
            parts.append(shown)
        return pc.binary_join_element_wise(*parts, nothing).cast(whole.type)

    def _plain(self, value: Any, row: str) -> Any:
        return value

    def _suppress(self, value: Any, row: str) -> None:
        return None

    def _keep(self, value: Any, row: str) -> str:
        """Nothing is shown where all would be."""
        text, first, last = str(value), self.mask.first, self.mask.last
        if len(text) <= first + last:
            return HIDDEN * len(text)
        hidden = len(text) - first - last
        return text[:first] + HIDDEN * hidden + text[len(text) - last :]

    def _email(self, value: Any, row: str) -> str:
        name, at, host = str(value).rpartition("@")
        return f"{name[:1]}***@{host}" if at else HIDDEN * len(str(value))

    def _format(self, value: Any, row: str) -> str | None:
        assert self._cipher is not None
        return formats.turned(self.mask.kind, str(value), self._cipher, self.mask.first)

    def _hash(self, value: Any, row: str) -> str:
        digest = hmac.new(self._key, str(value).encode(), hashlib.sha256).hexdigest()
        return digest[: self.mask.length]

    def _generalise(self, value: Any, row: str) -> Any:
        return coarser.generalised(self.mask, value)

    def _noise(self, value: Any, row: str) -> Any:
        """Moved by an amount that follows from receiver, column, row and value: who asks again
        learns nothing more. It is evenly spread, and no differential privacy."""
        seed = f"{self._column}\x1f{row}\x1f{value}".encode()
        drawn = int.from_bytes(hmac.new(self._key, seed, hashlib.sha256).digest()[:8])
        moved = (drawn / 2**63 - 1) * self.mask.spread
        if isinstance(value, date | datetime):
            return value + round(moved) * _DAY
        number = coarser.as_number(value)
        if number is None:
            return None
        if isinstance(value, int):
            return value + round(moved)
        return number + moved


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
