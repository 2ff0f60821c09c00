"""What changes between two versions of a pack, and what of it widens sharing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from yiwang.kernel import text
from yiwang.packs.model import Pack
from yiwang.packs.offers import SHARES

Surface = Mapping[str, Any]
"""What a pack is allowed: permissions, for each resource how it is shared, and what everybody may
see of each class of cases; JSON-able."""


@dataclass(frozen=True)
class Difference:
    """Names as ``rules.close_underpass``. ``widens`` are pairs of a text under ``packs.ui``
    and its fields."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    widens: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.widens)

    def lines(self, lang: str) -> list[str]:
        parts = [("added", self.added), ("removed", self.removed), ("changed", self.changed)]
        found = [
            text.render(f"packs.ui.{word}", lang, {"name": name})
            for word, names in parts
            for name in names
        ]
        return found + self.widening(lang)

    def widening(self, lang: str) -> list[str]:
        return [text.render(f"packs.ui.{word}", lang, fields) for word, fields in self.widens]


def compare(old: Pack, new: Pack) -> Difference:
    before, after = _parts(old), _parts(new)
    return Difference(
        added=tuple(sorted(set(after) - set(before))),
        removed=tuple(sorted(set(before) - set(after))),
        changed=tuple(sorted(k for k in set(before) & set(after) if before[k] != after[k])),
        widens=widening(surface(old), surface(new)),
    )


def surface(pack: Pack) -> dict[str, Any]:
    """What a pack shares and asks for."""
    resources = {
        name: {
            "share": one.share,
            "open": one.open,
            "label": one.label,
            "parts": sorted([*one.kinds, *one.properties, *one.rules, *one.fields]),
        }
        for name, one in pack.sharing.items()
    }
    openings = {
        one.code: asdict(one.public) for one in pack.cases.classes if one.public is not None
    }
    permissions = sorted(pack.manifest.permissions)
    return {"permissions": permissions, "resources": resources, "openings": openings}


def widening(old: Surface, new: Surface) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Everything that gives more away than before: a new resource that is not withheld, a
    freer share type, opening, more fields, a weaker label, a new permission, more of cases."""
    found: list[tuple[str, Mapping[str, Any]]] = [
        ("widens_permission", {"name": name})
        for name in new.get("permissions", ())
        if name not in old.get("permissions", ())
    ]
    before = old.get("resources", {})
    for name, one in new.get("resources", {}).items():
        if _wider(before.get(name), one):
            found.append(("widens_resource", {"name": name, **_shown(one)}))
    opened = old.get("openings", {})
    for name, one in new.get("openings", {}).items():
        if _tells_more(opened.get(name), one):
            found.append(("widens_opening", {"name": name, **one}))
    return tuple(found)


def _tells_more(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    """Whether everybody learns more of cases than before: any at all, a nearer place, words or
    photos."""
    if old is None:
        return True
    return new["round_m"] < old["round_m"] or any(
        new[part] and not old[part] for part in ("text", "photos")
    )


def _wider(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    if old is None:
        return new["share"] != "none" or bool(new["open"])
    return (
        SHARES.index(new["share"]) > SHARES.index(old["share"])
        or (new["open"] and not old["open"])
        or new["label"] != old["label"]
        or bool(set(new["parts"]) - set(old["parts"]))
        or (bool(old["parts"]) and not new["parts"])
    )


def _shown(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"share": one["share"], "open": one["open"], "label": one["label"]}


def _parts(pack: Pack) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for rule in pack.rules.rules:
        parts[f"rules.{rule.name}"] = replace(rule, where="", text="", examples=())
    for parameter in pack.rules.parameters:
        parts[f"parameters.{parameter.name}"] = asdict(parameter)
    for one in pack.cases.classes:
        parts[f"cases.{one.code.removeprefix(f'{pack.name}.')}"] = one
    for plan in pack.plans:
        parts[f"plans.{plan.code.removeprefix(f'{pack.name}.')}"] = plan
    for kind in pack.devices:
        computed = tuple(replace(item, where="") for item in kind.computed)
        care = replace(kind.care, where="")
        parts[f"devices.{kind.name}"] = replace(kind, where="", computed=computed, care=care)
    for entry in pack.inputs.values():
        parts[f"inputs.{entry.name}"] = replace(entry, where="", fields={})
        for field in entry.fields.values():
            parts[f"inputs.{entry.name}.{field.name}"] = replace(field, where="")
    for name, resource in pack.sharing.items():
        parts[f"sharing.{name}"] = replace(resource, where="")
    return parts
