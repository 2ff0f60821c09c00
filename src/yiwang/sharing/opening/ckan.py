"""The read side of CKAN's Action API (version 3), so that its clients work: pure.

Names, defaults and errors follow the API guide of CKAN 2.11. A resource of the catalogue is a
package with one resource for each form in which it can be had, of which the first one is in the
datastore, and one for each of its opened files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel import clock
from yiwang.sharing.files.model import Version
from yiwang.sharing.opening import formats, model
from yiwang.sharing.opening.model import Public

VERSION = "2.11"
MOST_ROWS = 1000
MOST_RECORDS = 32_000
_DATASTORE = {
    "N": "numeric",
    "Y": "numeric",
    "D": "date",
    "T": "timestamp",
    "L": "bool",
}


class NotFound(Exception):
    """There is none of that name."""


class Invalid(Exception):
    """``fields``: what is wrong, by parameter."""

    def __init__(self, **fields: str) -> None:
        super().__init__(str(fields))
        self.fields = {name: [text] for name, text in fields.items()}


def package(one: Public, organisation: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A package as ``package_show`` gives it."""
    resource, title = one.resource, model.LICENCES[one.opening.licence][0]
    made = {
        "id": one.name,
        "name": one.name,
        "title": resource.name,
        "notes": resource.summary,
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": True,
        "license_id": one.opening.licence,
        "license_title": title,
        "license_url": model.LICENCES[one.opening.licence][1],
        "owner_org": organisation["id"],
        "organization": dict(organisation),
        "groups": [],
        "tags": [tag(word) for word in resource.keywords],
        "extras": [
            {"key": "code", "value": resource.code},
            {"key": "update_cycle", "value": resource.update_cycle},
        ],
        "metadata_created": _time(one.opening.released_at),
        "metadata_modified": _time(resource.changed_at),
        "version": str(resource.version),
        "url": f"{base}/open/{one.name}",
        "num_resources": len(one.forms) + len(one.files),
        "num_tags": len(resource.keywords),
        "resources": resources(one, base),
    }
    return made


def resources(one: Public, base: str) -> list[dict[str, Any]]:
    forms = [_form(one, form, base) for form in one.forms]
    made = [*forms, *(_file(one, file, base) for file in one.files)]
    return [values | {"position": place} for place, values in enumerate(made)]


def _form(one: Public, form: str, base: str) -> dict[str, Any]:
    return {
        "id": f"{one.name}.{form}",
        "package_id": one.name,
        "name": f"{one.resource.name} ({form.upper()})",
        "description": one.resource.summary,
        "format": form.upper(),
        "mimetype": formats.of(f".{form}").media,
        "url": f"{base}/api/open/{one.name}/download.{form}",
        "url_type": "datastore" if form == "csv" else None,
        "datastore_active": form == "csv",
        "state": "active",
        "created": _time(one.opening.released_at),
        "last_modified": _time(one.resource.changed_at),
    }


def _file(one: Public, file: Version, base: str) -> dict[str, Any]:
    """As CKAN shows a file that was uploaded to it."""
    format = formats.of(file.name)
    return {
        "id": f"{one.name}.{FILE}{file.id}",
        "package_id": one.name,
        "name": file.name,
        "description": one.resource.summary,
        "format": format.name,
        "mimetype": format.media,
        "size": file.size,
        "hash": f"sha256:{file.content}",
        "url": one.address(base, file),
        "url_type": "upload",
        "datastore_active": False,
        "state": "active",
        "created": _time(one.opening.released_at),
        "last_modified": _time(file.at),
    }


FILE = "file-"
"""Before the number of a version in the identifier of a resource."""


def tag(word: str) -> dict[str, Any]:
    return {"id": word, "name": word, "display_name": word, "state": "active"}


def organisation(id: int, code: str, title: str, count: int | None = None) -> dict[str, Any]:
    made = {
        "id": str(id),
        "name": code.lower(),
        "title": title,
        "display_name": title,
        "description": "",
        "type": "organization",
        "state": "active",
        "is_organization": True,
        "image_url": "",
        "approval_status": "approved",
    }
    return made if count is None else made | {"package_count": count}


def fields(one: Public) -> list[dict[str, Any]]:
    """The datastore's fields; ``_id`` is a row's place in the answer's order."""
    own = [
        {
            "id": item.column,
            "type": _DATASTORE.get(item.type, "text"),
            "info": {"label": item.name, "notes": item.text},
        }
        for item in one.items
    ]
    return [{"id": "_id", "type": "int"}, *own]


def number(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """Raises Invalid."""
    value = given.get(name)
    if value in (None, ""):
        return default
    try:
        found = int(str(value))
    except ValueError:
        raise Invalid(**{name: "Invalid integer"}) from None
    if found < 0:
        raise Invalid(**{name: "Must be a natural number"})
    return min(found, most)


def _time(at: int) -> str:
    """As CKAN writes instants: UTC without its sign."""
    return clock.to_datetime(at).replace(tzinfo=None).isoformat(timespec="microseconds")
