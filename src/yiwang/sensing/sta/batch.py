"""POST $batch: several requests in one (18-088, clause 11; OData 4.01, JSON batch format).

Pure: what a batch says, and the references that its requests make to one another.
"""

from __future__ import annotations

from typing import Any

import msgspec

from yiwang.kernel.text import Words
from yiwang.sensing.sta.errors import BadValue, words

MOST_REQUESTS = 1000
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class Item(msgspec.Struct):
    """One request of a batch."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    atomicityGroup: str | None = None
    dependsOn: list[str] = []


class _Batch(msgspec.Struct):
    requests: list[Item]


class Answer(msgspec.Struct, omit_defaults=True):
    id: str
    status: int
    headers: dict[str, str] = {}
    body: Any = None


def read(content: bytes) -> list[Item]:
    """The requests of a batch in their order. Raises BadValue."""
    try:
        items = msgspec.json.decode(content, type=_Batch).requests
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        name, wanted = words("the_batch"), words("batch_object")
        raise BadValue("", name=name, value=str(error), wanted=wanted) from error
    if len(items) > MOST_REQUESTS:
        wanted = words("at_most", most=MOST_REQUESTS)
        raise BadValue("", name="requests", value=len(items), wanted=wanted)
    seen: set[str] = set()
    for item in items:
        item.method = item.method.upper()
        if item.id in seen:
            raise BadValue(_place(item), name="id", value=item.id[:40], wanted=words("own_id"))
        if item.url.strip("/").endswith("$batch"):
            raise BadValue(_place(item), name="url", value=item.url[:40], wanted=words("no_batch"))
        if item.method not in METHODS:
            known = ", ".join(METHODS)
            raise BadValue(_place(item), name="method", value=item.method, wanted=known)
        for other in item.dependsOn:
            if other not in seen and other not in {i.atomicityGroup for i in items}:
                before = words("id_before")
                raise BadValue(_place(item), name="dependsOn", value=other, wanted=before)
        seen.add(item.id)
    return items


def _place(item: Item) -> Words:
    return words("request_of_batch", id=item.id[:40])


def groups(items: list[Item]) -> list[list[Item]]:
    """The requests in their order; those of one atomicity group, which must stand together,
    as one list. Raises BadValue."""
    made: list[list[Item]] = []
    closed: set[str] = set()
    for item in items:
        name = item.atomicityGroup
        if name is not None and made and made[-1][-1].atomicityGroup == name:
            made[-1].append(item)
            continue
        if name in closed:
            wanted = words("group_together")
            raise BadValue(_place(item), name="group", value=name, wanted=wanted)
        if name is not None:
            closed.add(name)
        made.append([item])
    return made


def path(item: Item, known: dict[str, str]) -> str:
    """The path and query of a request below the service root. ``known``: the path of what
    each request before it made, by id."""
    url = item.url
    for version in ("/v1.1/", "/v1.0/"):
        if version in url:
            url = url.split(version, 1)[1]
            break
    url = url.lstrip("/")
    if url.startswith("$") and not url.startswith("$batch"):
        name, slash, rest = url[1:].partition("/")
        return known.get(name, f"${name}") + slash + rest
    return url


def body(value: Any, known: dict[str, str]) -> Any:
    """The body of a request with ``{"@iot.id": "$1"}`` made the id that request 1 gave."""
    if isinstance(value, list):
        return [body(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, item in value.items():
        if name == "@iot.id" and isinstance(item, str) and item[:1] == "$" and item[1:] in known:
            made[name] = int(known[item[1:]].rpartition("(")[2].rstrip(")"))
        else:
            made[name] = body(item, known)
    return made
