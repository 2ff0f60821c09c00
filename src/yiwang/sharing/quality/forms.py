"""The kinds of rule as a form is drawn from: their fields, with their words."""

from __future__ import annotations

from typing import Any

from yiwang.kernel.text import find
from yiwang.security.actions import Context, query
from yiwang.sharing.quality.kinds import KINDS
from yiwang.sharing.quality.kinds.form import Field


@query("sharing.list_quality_kinds", permission="sharing.read")
def list_kinds(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """Every kind of rule: the shape of its value, its fields and what they are called."""
    return [
        {
            "kind": name,
            "title": said("kind", name, lang),
            "hint": said("kind_hint", name, lang),
            "dimension": kind.dimension,
            "shape": kind.form.shape,
            "alternatives": kind.form.alternatives,
            "fields": [_field(name, one, lang) for one in kind.form.fields],
        }
        for name, kind in KINDS.items()
    ]


def _field(kind: str, one: Field, lang: str) -> dict[str, Any]:
    options = [
        {"value": each, "title": find(f"{one.words}.{each}", lang) or each} for each in one.options
    ]
    return {
        "name": one.name,
        "kind": one.kind,
        "title": called("field", kind, one.name, lang),
        "hint": called("field_hint", kind, one.name, lang),
        "required": one.required,
        "options": options,
        "default": one.default,
        "table": one.table,
    }


def said(of: str, name: str, lang: str) -> str:
    """The words of a kind or a field, empty where there are none."""
    return find(f"sharing.quality.{of}.{name}", lang) or ""


def called(of: str, kind: str, name: str, lang: str) -> str:
    """The words of a field: those that it has in a kind, else those that it has everywhere."""
    return said(of, f"{kind}_{name}", lang) or said(of, name, lang)
