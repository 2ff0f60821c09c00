"""CKAN's actions over what is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from yiwang.registry import service as registry
from yiwang.security.actions import Context, query
from yiwang.sharing.opening import ckan, formats, model, rows, store
from yiwang.sharing.opening.ckan import Invalid, NotFound
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.opening.errors import BadChoice
from yiwang.sharing.opening.model import Public
from yiwang.sharing.sources.model import Condition, Order

Given = Mapping[str, Any]


@query("sharing.ckan", permission="sharing.read_opened")
def call(ctx: Context, name: str, given: Given, base: str, lang: str) -> Any:
    """The result of one of CKAN's actions. Raises NotFound, Invalid, NoRows."""
    if name not in ACTIONS:
        raise NotFound(f"Action name not known: {name}")
    return ACTIONS[name](Portal(ctx, base, lang), given)


class Portal:
    """What is open, for one call: read whole only by what lists it."""

    def __init__(self, ctx: Context, base: str, lang: str) -> None:
        self.ctx, self.base, self.lang = ctx, base, lang

    @cached_property
    def every(self) -> list[Public]:
        return store.every(self.ctx.connection)

    def one(self, given: Given) -> Public:
        """By name, code or number. Raises NotFound, Invalid."""
        wanted = str(given.get("id") or "")
        if not wanted:
            raise Invalid(id="Missing value")
        held = store.by_name(self.ctx.connection, wanted)
        if held is None:
            raise NotFound("Not found")
        return held

    def of_resource(self, given: Given, name: str) -> tuple[Public, dict[str, Any]]:
        """An opened resource and one of the forms in which it can be had."""
        wanted = str(given.get(name) or "")
        if not wanted:
            raise Invalid(**{name: "Missing value"})
        held = store.by_name(self.ctx.connection, wanted.rpartition(".")[0])
        for made in ckan.resources(held, self.base) if held else ():
            if held is not None and wanted == made["id"]:
                return held, made
        raise NotFound("Resource not found")

    def table(self, given: Given, name: str) -> tuple[Public, dict[str, Any]]:
        """The same for what is in the datastore, as files are not."""
        held, made = self.of_resource(given, name)
        if made["url_type"] == "upload":
            raise NotFound("Resource not found")
        return held, made

    def package(self, held: Public) -> dict[str, Any]:
        return ckan.package(held, self.organisation(held.resource.organisation), self.base)

    def organisation(self, id: int, count: int | None = None) -> dict[str, Any]:
        found = registry.organisation(self.ctx, id)
        return ckan.organisation(id, found.code, found.name(self.lang), count)

    def organisations(self) -> list[dict[str, Any]]:
        counts = Counter(held.resource.organisation for held in self.every)
        found = [self.organisation(id, count) for id, count in counts.items()]
        return sorted(found, key=lambda one: str(one["name"]))


def _site_read(portal: Portal, given: Given) -> Any:
    return True


def _status(portal: Portal, given: Given) -> Any:
    return {
        "ckan_version": ckan.VERSION,
        "site_url": portal.base,
        "site_title": "Yiwang",
        "site_description": "",
        "locale_default": portal.lang.replace("-", "_"),
        "extensions": ["datastore"],
        "error_emails_to": None,
    }


def _package_list(portal: Portal, given: Given) -> Any:
    names = sorted(held.name for held in portal.every)
    skip = ckan.number(given, "offset", 0, 10**9)
    limit = ckan.number(given, "limit", len(names), 10**9)
    return names[skip : skip + limit]


def _with_resources(portal: Portal, given: Given) -> Any:
    skip = ckan.number(given, "offset", 0, 10**9)
    limit = ckan.number(given, "limit", 10, ckan.MOST_ROWS)
    return [portal.package(held) for held in portal.every[skip : skip + limit]]


def _package_show(portal: Portal, given: Given) -> Any:
    held = portal.one(given)
    portal.ctx.port(Counting).add(portal.ctx.now, held.resource.id, "views")
    return portal.package(held)


def _package_search(portal: Portal, given: Given) -> Any:
    found = [held for held in portal.every if _holds(held, given, portal)]
    skip = ckan.number(given, "start", 0, 10**9)
    limit = ckan.number(given, "rows", 10, ckan.MOST_ROWS)
    if str(given.get("sort") or "").startswith("title"):
        found.sort(key=lambda held: held.resource.name, reverse="desc" in str(given["sort"]))
    facets = {
        "organization": Counter(
            portal.organisation(held.resource.organisation)["name"] for held in found
        ),
        "tags": Counter(word for held in found for word in held.resource.keywords),
        "license_id": Counter(held.opening.licence for held in found),
    }
    wanted = _listed(given.get("facet.field"))
    shown = {name: dict(counts) for name, counts in facets.items() if name in wanted}
    return {
        "count": len(found),
        "sort": str(given.get("sort") or "score desc, metadata_modified desc"),
        "facets": shown,
        "search_facets": {
            name: {
                "title": name,
                "items": [
                    {"name": key, "display_name": key, "count": count}
                    for key, count in counts.items()
                ],
            }
            for name, counts in shown.items()
        },
        "results": [portal.package(held) for held in found[skip : skip + limit]],
    }


def _holds(held: Public, given: Given, portal: Portal) -> bool:
    """Whether a package holds all words of ``q`` and meets ``fq`` (field:value)."""
    resource = held.resource
    told = " ".join((held.name, resource.name, resource.summary, *resource.keywords)).casefold()
    asked = str(given.get("q") or "").replace("*:*", "").casefold()
    for word in asked.split():
        name, colon, value = word.partition(":")
        if colon and name in _FIELDS:
            if value.strip('"') not in _values(held, name, portal):
                return False
        elif word not in told:
            return False
    narrowed = str(given.get("fq") or "").replace("+", " ").split()
    pairs = [one.partition(":") for one in narrowed]
    return all(value.strip('"') in _values(held, name, portal) for name, _, value in pairs)


_FIELDS = ("organization", "owner_org", "tags", "license_id", "name", "title", "res_format")


def _values(held: Public, name: str, portal: Portal) -> list[str]:
    resource = held.resource
    owner = portal.organisation(resource.organisation)
    known: dict[str, list[str]] = {
        "organization": [owner["name"]],
        "owner_org": [owner["id"]],
        "tags": list(resource.keywords),
        "license_id": [held.opening.licence],
        "name": [held.name],
        "title": [resource.name.casefold()],
        "res_format": [
            *(form.upper() for form in held.forms),
            *(formats.of(file.name).name for file in held.files),
        ],
    }
    return known.get(name, [])


def _autocomplete(portal: Portal, given: Given) -> Any:
    asked = str(given.get("q") or "").casefold()
    limit = ckan.number(given, "limit", 10, 100)
    found = [
        held
        for held in portal.every
        if asked in held.name or asked in held.resource.name.casefold()
    ]
    return [
        {"name": held.name, "title": held.resource.name, "match_field": "title"}
        for held in found[:limit]
    ]


def _organization_list(portal: Portal, given: Given) -> Any:
    found = portal.organisations()
    return found if _true(given.get("all_fields")) else [one["name"] for one in found]


def _organization_show(portal: Portal, given: Given) -> Any:
    wanted = str(given.get("id") or "").lower()
    for one in portal.organisations():
        if wanted in (one["id"], one["name"]):
            own = [held for held in portal.every if str(held.resource.organisation) == one["id"]]
            if not _true(given.get("include_datasets")):
                return one
            return one | {"packages": [portal.package(held) for held in own]}
    raise NotFound("Not found")


def _tag_list(portal: Portal, given: Given) -> Any:
    words = sorted({word for held in portal.every for word in held.resource.keywords})
    return [ckan.tag(word) for word in words] if _true(given.get("all_fields")) else words


def _tag_show(portal: Portal, given: Given) -> Any:
    wanted = str(given.get("id") or "")
    found = [held for held in portal.every if wanted in held.resource.keywords]
    if not found:
        raise NotFound("Not found")
    return ckan.tag(wanted) | {"packages": [portal.package(held) for held in found]}


def _licenses(portal: Portal, given: Given) -> Any:
    return [
        {"id": name, "title": title, "url": url, "status": "active", "is_generic": False}
        for name, (title, url) in model.LICENCES.items()
    ]


def _resource_show(portal: Portal, given: Given) -> Any:
    return portal.of_resource(given, "id")[1]


def _none(portal: Portal, given: Given) -> Any:
    return []


def _datastore_info(portal: Portal, given: Given) -> Any:
    held, made = portal.table(given, "id" if given.get("id") else "resource_id")
    total = rows.count(portal.ctx, held)
    meta = {"id": made["id"], "count": total, "table_type": "BASE TABLE"}
    return {"meta": meta, "fields": ckan.fields(held)}


def _datastore_search(portal: Portal, given: Given) -> Any:
    """Filters, words, fields, order and pages. Raises Invalid for columns that are not open."""
    held, made = portal.table(given, "resource_id")
    opened = rows.columns(held)
    where, words = _where(given), str(given.get("q") or "").split()
    wanted = [name for name in _listed(given.get("fields")) if name != "_id"] or opened
    order = [_order(one) for one in _listed(given.get("sort"))]
    limit = ckan.number(given, "limit", 100, ckan.MOST_RECORDS)
    skip = ckan.number(given, "offset", 0, 10**9)
    portal.ctx.port(Counting).add(portal.ctx.now, held.resource.id, "calls")
    try:
        found = rows.read(portal.ctx, held, opened, where, order, limit, skip, words)
        total = rows.count(portal.ctx, held, where, words)
    except BadChoice as error:
        value = error.fields.get("value")
        raise Invalid(query=f"{error.fields.get('name')}: {value}") from error
    if strange := set(wanted) - set(opened):
        raise Invalid(fields=f"field {sorted(strange)[0]!r} is not in the table")
    records = [
        {"_id": skip + place + 1} | {name: row[name] for name in opened if name in wanted}
        for place, row in enumerate(found)
    ]
    path = f"/api/3/action/datastore_search?resource_id={made['id']}"
    result = {
        "resource_id": made["id"],
        "fields": [one for one in ckan.fields(held) if one["id"] in ("_id", *wanted)],
        "records": records,
        "records_format": "objects",
        "limit": limit,
        "offset": skip,
        "total_was_estimated": False,
        "_links": {"start": path, "next": f"{path}&offset={skip + limit}"},
    }
    return result | ({"total": total} if given.get("include_total") not in (False, "false") else {})


def _where(given: Given) -> list[Condition]:
    filters = given.get("filters") or {}
    if isinstance(filters, str):
        try:
            filters = msgspec.json.decode(filters)
        except msgspec.DecodeError:
            raise Invalid(filters="Not JSON") from None
    if not isinstance(filters, dict):
        raise Invalid(filters="Not a JSON object")
    found = []
    for name, value in filters.items():
        several = isinstance(value, list)
        found.append(Condition(str(name), "in" if several else "=", value))
    return found


def _order(text: str) -> Order:
    name, _, way = text.strip().rpartition(" ")
    if not name or way.lower() not in ("asc", "desc"):
        name, way = text.strip(), "asc"
    return Order(name.strip('"'), way.lower() == "desc")


def _listed(value: Any) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            raise Invalid(list="Not JSON") from None
    if isinstance(value, list):
        return [str(one) for one in value]
    return [one.strip() for one in str(value or "").split(",") if one.strip()]


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes")


ACTIONS: dict[str, Callable[[Portal, Given], Any]] = {
    "site_read": _site_read,
    "status_show": _status,
    "package_list": _package_list,
    "current_package_list_with_resources": _with_resources,
    "package_show": _package_show,
    "package_search": _package_search,
    "package_autocomplete": _autocomplete,
    "organization_list": _organization_list,
    "organization_show": _organization_show,
    "group_list": _none,
    "tag_list": _tag_list,
    "tag_show": _tag_show,
    "vocabulary_list": _none,
    "license_list": _licenses,
    "resource_show": _resource_show,
    "datastore_info": _datastore_info,
    "datastore_search": _datastore_search,
}
"""Every action that is served, by its name."""
