"""A resource as an OpenAPI 3.1 document: what the caller's grant lets be asked."""

from __future__ import annotations

from typing import Any

from yiwang.security.actions import Context, query
from yiwang.sharing.catalogue.model import Item
from yiwang.sharing.gateway import access
from yiwang.sharing.gateway.model import MOST_ROWS, OPERATORS

_TYPES: dict[str, dict[str, Any]] = {
    "N": {"type": "number"},
    "Y": {"type": "number"},
    "D": {"type": "string", "format": "date"},
    "T": {"type": "string", "format": "date-time"},
    "L": {"type": "boolean"},
}
_PROBLEM = {"application/problem+json": {"schema": {"type": "object"}}}


@query("sharing.describe_interface", permission="sharing.use")
def document(ctx: Context, key: int | str, base: str) -> dict[str, Any]:
    """Raises NoSuchResource, NoGrant."""
    held = access.find(ctx, key, "api")
    resource = held.resource
    row = {"type": "object", "properties": {name: _schema(held, name) for name in held.items}}
    checked = {"type": "object", "properties": {name: {} for name in held.checked}}
    path = f"/api/sharing/data/{resource.id}"
    claims = {"key": checked, "claims": checked}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": resource.name,
            "description": resource.summary,
            "version": str(resource.version),
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            path: {
                "get": {
                    "summary": resource.name,
                    "parameters": _parameters(held),
                    "responses": _responses(
                        {
                            "type": "object",
                            "properties": {
                                "items": {"type": "array", "items": row},
                                "next": {"type": ["string", "null"]},
                            },
                        }
                    ),
                }
            },
            f"{path}/verify": {
                "post": {
                    "summary": "true or false",
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": claims,
                                    "required": list(claims),
                                }
                            }
                        }
                    },
                    "responses": _responses(
                        {"type": "object", "properties": {"matches": {"type": "boolean"}}}
                    ),
                }
            },
        },
    }


def _parameters(held: access.Access) -> list[dict[str, Any]]:
    plain = [name for name in held.items if name not in held.masked]
    suffixes = [f".{suffix}" if suffix else "" for suffix in OPERATORS]
    number = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100}
    return [
        _parameter("fields", {"type": "string"}, ", ".join(held.items)),
        _parameter("order", {"type": "string"}, ", ".join(plain)),
        _parameter("limit", number, ""),
        _parameter("after", {"type": "string"}, "next"),
        *(
            _parameter(f"where.{name}{suffix}", {"type": "string"}, held.items[name].name)
            for name in plain
            for suffix in suffixes
        ),
    ]


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def _schema(held: access.Access, name: str) -> dict[str, Any]:
    item: Item = held.items[name]
    kind = {"type": "string"} if name in held.masked else _TYPES.get(item.type, {"type": "string"})
    return {**kind, "title": item.name, "description": item.text}


def _responses(schema: dict[str, Any]) -> dict[str, Any]:
    good = {"description": "", "content": {"application/json": {"schema": schema}}}
    refused = {"description": "", "content": _PROBLEM}
    return {"200": good, **{code: refused for code in ("400", "401", "403", "404", "429")}}
