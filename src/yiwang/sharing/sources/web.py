"""Sources that are HTTP APIs which answer with lists of JSON records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import httpx
import msgspec
import pyarrow as pa

from yiwang.sharing.sources import model, narrowing, reading
from yiwang.sharing.sources.errors import NoSuchTable, SourceUnreachable, UnreadableAnswer, words
from yiwang.sharing.sources.model import Condition, Order, Shape
from yiwang.sharing.sources.reading import SIZE, Refused

MOST_BYTES = 64 * 1024 * 1024
_LOOKED_AT = 1000
_TIMEOUT_S = 60.0

Check = Callable[[str, int], None]
"""Raises where a host and port must not be asked."""


class WebReader:
    """An API below one address. ``tables``: the path of each list. ``paging``: none, page (1, 2,
    …), offset, or cursor (``next_field`` of an answer is the next ``page_param``)."""

    ordered = False

    def __init__(self, options: Mapping[str, Any], secret: str, check: Check) -> None:
        self._options = options
        self._paths: Mapping[str, str] = options.get("tables") or {"items": ""}
        self._check = check
        headers, self._params = _credentials(str(options.get("auth") or "bearer"), secret)
        self._client = httpx.Client(
            headers={"accept": "application/json", **headers},
            timeout=_TIMEOUT_S,
            follow_redirects=False,
        )

    def tables(self) -> list[str]:
        return sorted(self._paths)

    def shape(self, table: str, samples: int = 3) -> Shape:
        some = list(islice(self._records(table), _LOOKED_AT))
        names = list(dict.fromkeys(name for one in some for name in one))
        columns, few = [], {}
        for name in names:
            values = [_text(one.get(name)) for one in some]
            columns.append(model.inferred(name, values))
            few[name] = tuple(dict.fromkeys(one[:80] for one in values if one))[:samples]
        return Shape(table, tuple(columns), samples=few)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        refused: Refused | None = None,
    ) -> Iterator[Any]:
        narrowing.check_unordered(table, order, after)
        shape = self.shape(table, 0)
        wanted = [one.name for one in reading.chosen(shape, columns)]
        names = [one.name for one in shape.columns]
        records = self._records(table)
        while part := list(islice(records, size)):
            across = [[_text(one.get(name)) for one in part] for name in names]
            made = [pa.array(values, pa.string()) for values in across]
            batch = pa.RecordBatch.from_arrays(made, names)
            yield narrowing.narrowed(batch, shape, where).select(wanted)

    def close(self) -> None:
        self._client.close()

    def _records(self, table: str) -> Iterator[dict[str, Any]]:
        if table not in self._paths:
            raise NoSuchTable(table, table=table)
        paging = str(self._options.get("paging") or "none")
        size = int(self._options.get("page_size") or 1000)
        position: Any = {"page": 1, "offset": 0}.get(paging)
        while True:
            answer = self._page(table, paging, position, size)
            found = _items(answer, str(self._options.get("items") or ""), table)
            yield from found
            position = self._next(answer, paging, position, len(found))
            if position is None or not found:
                return

    def _next(self, answer: Any, paging: str, position: Any, count: int) -> Any:
        if paging == "none":
            return None
        if paging == "cursor":
            return _at(answer, str(self._options.get("next_field") or "next")) or None
        return position + (1 if paging == "page" else count)

    def _page(self, table: str, paging: str, position: Any, size: int) -> Any:
        params = dict(self._params)
        if paging != "none":
            params[str(self._options.get("size_param") or "limit")] = str(size)
            if position is not None:
                params[str(self._options.get("page_param") or paging)] = str(position)
        url = httpx.URL(str(self._options["url"]).rstrip("/") + self._paths[table])
        self._check(url.host, url.port or (443 if url.scheme == "https" else 80))
        try:
            with self._client.stream("GET", url, params={**dict(url.params), **params}) as answer:
                if answer.status_code != 200:
                    raise SourceUnreachable(reason=f"HTTP {answer.status_code}")
                return msgspec.json.decode(_bounded(answer, table))
        except httpx.HTTPError as error:
            raise SourceUnreachable(reason=type(error).__name__) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableAnswer(table, table=table, problem=str(error)) from error


def _bounded(answer: httpx.Response, table: str) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            problem = words("page_too_large", most=MOST_BYTES // 1024 // 1024)
            raise UnreadableAnswer(table, table=table, problem=problem)
        parts.append(part)
    return b"".join(parts)


def _credentials(auth: str, secret: str) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and parameters that carry the secret: ``bearer``, ``header:NAME``, ``query:NAME``."""
    if not secret:
        return {}, {}
    kind, _, name = auth.partition(":")
    if kind == "header":
        return {name: secret}, {}
    if kind == "query":
        return {}, {name: secret}
    return {"authorization": f"Bearer {secret}"}, {}


def _at(value: Any, path: str) -> Any:
    """What lies below dotted names; the whole for none."""
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _items(answer: Any, path: str, table: str) -> list[dict[str, Any]]:
    found = _at(answer, path)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        problem = words("no_records", place=path) if path else words("no_records_at_top")
        raise UnreadableAnswer(table, table=table, problem=problem)
    return found


def _text(value: Any) -> str | None:
    """A value as text; what is nested, as JSON."""
    if value is None or isinstance(value, str):
        return value or None
    return msgspec.json.encode(value).decode()
