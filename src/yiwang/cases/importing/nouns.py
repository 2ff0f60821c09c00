"""The city's nouns that imported cases need, made where they are missing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from yiwang.cases import catalogue
from yiwang.cases.importing import model
from yiwang.cases.importing.mapping import ImportMapping
from yiwang.cases.importing.model import Entry
from yiwang.cases.machines import default_machine
from yiwang.cases.model.classes import OPEN_KINDS, CaseClass, Machine
from yiwang.registry import editing
from yiwang.registry import service as registry
from yiwang.registry.errors import UnknownReference
from yiwang.security.actions import Context

UNLIMITED_MINUTES = 0
"""A class of the taxonomy that an import makes promises nothing: each case brings its own
deadline."""


@dataclass
class Names:
    """What the rows of a file name. A class's group and a queue's department are those of
    its first row."""

    classes: dict[str, str] = field(default_factory=dict)
    departments: set[str] = field(default_factory=set)
    queues: dict[tuple[str, str], None] = field(default_factory=dict)
    points: set[tuple[float, float]] = field(default_factory=set)

    def see(self, entry: Entry) -> None:
        self.classes.setdefault(entry.class_name, entry.class_group)
        if entry.department:
            self.departments.add(entry.department)
        if entry.queue:
            self.queues.setdefault((entry.department, entry.queue))
        if entry.lon is not None and entry.lat is not None:
            self.points.add((round(entry.lon, 4), round(entry.lat, 4)))


@dataclass(frozen=True)
class Nouns:
    """Where rows go: the class of each name, and the organisation of each (department,
    queue)."""

    classes: dict[str, tuple[int, CaseClass]]
    organisations: dict[tuple[str, str], int]


def put(ctx: Context, mapping: ImportMapping, names: Names) -> Nouns:
    """Make what is missing: areas where the city has none, organisations, event classes and
    case classes. A name that is the code of an organisation or class means that one."""
    if mapping.areas is not None and not registry.areas(ctx):
        editing.put(ctx, "areas", model.squares(mapping.areas, names.points), "areas")
    return Nouns(_classes(ctx, mapping.source, names), _organisations(ctx, mapping.source, names))


def _organisations(ctx: Context, source: str, names: Names) -> dict[tuple[str, str], int]:
    codes = model.codes(source, names.departments)
    found = {(name, ""): _organisation(ctx, name, codes[name], None) for name in codes}
    labels = {(department, queue): f"{department} {queue}" for department, queue in names.queues}
    under = model.codes(f"{source}.queue", labels.values())
    for (department, queue), label in labels.items():
        above = found.get((department, ""))
        found[department, queue] = _organisation(ctx, queue, under[label], above)
    return found


def _organisation(ctx: Context, name: str, code: str, above: int | None) -> int:
    for each in (name, code):
        number = _number(ctx, "organisations", each)
        if number is not None:
            return number
    record = {"code": code, "name_zh": name[:128], "name_en": name[:128], "parent": above}
    kind = {"kind": "department" if above is None else "queue"}
    editing.put(ctx, "organisations", [record | kind], "organisations")
    return registry.number_of(ctx, "organisations", code)


def _number(ctx: Context, noun: str, code: str) -> int | None:
    try:
        return registry.number_of(ctx, noun, code)
    except UnknownReference:
        return None


def _classes(ctx: Context, source: str, names: Names) -> dict[str, tuple[int, CaseClass]]:
    found = catalogue.newest(ctx, list(names.classes))
    codes = model.codes(source, [name for name in names.classes if name not in found])
    groups = model.codes(source, [group or "other" for group in names.classes.values()])
    held = catalogue.newest(ctx, list(codes.values()))
    fresh = {name: code for name, code in codes.items() if code not in held}
    records = []
    for name, code in fresh.items():
        group = names.classes[name] or "other"
        records.append(
            {
                "code": code,
                "major": groups[group],
                "major_zh": group[:128],
                "major_en": group[:128],
                "minor": code,
                "name_zh": name[:128],
                "name_en": name[:128],
                "severity": "notice",
                "function": code,
                "deadline_minutes": UNLIMITED_MINUTES,
                "counting": "clock",
            }
        )
    if fresh:
        editing.put(ctx, "classes", records, "classes")
        pack = f"import.{source}"[:64]
        mine = [one for one in catalogue.list_classes(ctx) if one.pack == pack]
        made = [_class(name, code, pack) for name, code in fresh.items()]
        catalogue.install_classes(ctx, pack, [*mine, *made])
        held = catalogue.newest(ctx, list(codes.values()))
    return found | {name: held[code] for name, code in codes.items()}


def _class(name: str, code: str, pack: str) -> CaseClass:
    """A class whose cases are closed from wherever they are: what happened in between is not
    in the file. Nobody is responsible by class; each row says who had it."""
    return CaseClass(
        code=code,
        machine=_closable(default_machine()),
        pack=pack,
        title={"zh-CN": name, "en": name},
        event_class=code,
        severity="notice",
        automatic=(),
    )


def _closable(machine: Machine) -> Machine:
    openly = tuple(name for name, one in machine.states.items() if one.kind in OPEN_KINDS)
    close = replace(machine.steps["close"], sources=openly)
    return replace(machine, steps={**machine.steps, "close": close})
