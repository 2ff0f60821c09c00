"""What the sections of a pack say of one another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter

from yiwang.cases.emergency import spec as plans_spec
from yiwang.cases.machines import default_machine
from yiwang.cases.model.classes import CaseClass, Titles
from yiwang.kernel.text import LANGUAGES
from yiwang.packs import texts
from yiwang.packs.errors import PermissionNotAsked, UnknownField, Unused
from yiwang.packs.manifest import FILE
from yiwang.packs.model import Pack
from yiwang.packs.problems import Problems, nearest
from yiwang.packs.storybook import Minute, Story
from yiwang.packs.texts import Key
from yiwang.rules.spec import Rule

_ONE_PER = ("thing", "place", "grid", "street", "district")
_ALWAYS = ("title", "severity", "place", "thing", "raised_at")


def examine(pack: Pack, problems: Problems) -> None:
    """Every name that leads nowhere, every text that is missing, everything never used."""
    names = _Names(pack)
    _devices(pack, names, problems)
    _rules(pack, names, problems)
    _parameters(pack, problems)
    _permissions(pack, problems)
    _console(pack, names, problems)
    _plans(pack, names, problems)
    _sharing(pack, names, problems)
    _services(pack, names, problems)
    for story in pack.stories:
        _story(story, names, problems)
    _texts(pack, names, problems)


class _Names:
    """What there is in a pack, by name."""

    def __init__(self, pack: Pack) -> None:
        self.kinds = {
            kind.name: {
                *(one.name for one in kind.properties),
                *(one.name for one in kind.computed),
            }
            for kind in pack.devices
        }
        self.properties = set().union(*self.kinds.values())
        self.rules = {rule.name: rule for rule in pack.rules.rules}
        self.parameters = {item.name for item in pack.rules.parameters}
        self.classes = {one.code.removeprefix(f"{pack.name}."): one for one in pack.cases.classes}
        self.inputs = {name for name, one in pack.inputs.items() if one.type == "places"}
        self.places = {one.kind for one in pack.inputs.values() if one.type == "places"}
        self.attributes = {key for one in pack.inputs.values() for key in one.fields}
        self.resources = set(pack.sharing)

    def of(self, kinds: Sequence[str]) -> set[str]:
        """The properties of some kinds, of all when none is named."""
        chosen = [self.kinds.get(kind, set()) for kind in kinds] or list(self.kinds.values())
        return set().union(*chosen)


def _devices(pack: Pack, names: _Names, problems: Problems) -> None:
    for kind in pack.devices:
        if kind.care.trouble_opens:
            problems.refer(kind.care.trouble_opens, names.classes, "case_class", kind.care.where)


def _rules(pack: Pack, names: _Names, problems: Problems) -> None:
    for rule in names.rules.values():
        if rule.case_class:
            problems.refer(rule.case_class, names.classes, "case_class", rule.where)
        for word in rule.one_per:
            problems.refer(word, [*names.inputs, *_ONE_PER], "input", rule.where)
        for lang, found in pack.texts.by_lang.items():
            key = ("rules", rule.name, "explain")
            place = pack.texts.where.get((lang, key), "")
            known = {*rule.properties, *rule.expressions, *names.parameters, *_ALWAYS}
            for field in _fields(found.get(key, "")):
                if field not in known:
                    near = nearest(field, known)
                    problems.add(UnknownField(place, field=field, rule=rule.name, near=near))


def _fields(text: str) -> Iterator[str]:
    try:
        for _, field, _, _ in Formatter().parse(text):
            if field is not None:
                yield field
    except ValueError as error:
        yield str(error)


def _parameters(pack: Pack, problems: Problems) -> None:
    used: set[str] = set()
    for rule in pack.rules.rules:
        used |= _parameters_in(rule)
    for computed in pack.rules.computed:
        for text in computed.expressions.values():
            used |= set(re.findall(r":([a-z]\w*)", text))
    for parameter in pack.rules.parameters:
        if parameter.name not in used:
            where = f"{pack.shown}/parameters/{parameter.name}.yaml"
            problems.add(Unused(where, sort="parameter", name=parameter.name))


def _parameters_in(rule: Rule) -> set[str]:
    parts = [*rule.expressions.values(), rule.when, rule.clears_when]
    return set(re.findall(r":([a-z]\w*)", " ".join(parts)))


def _permissions(pack: Pack, problems: Problems) -> None:
    needed = {"observations.read", "findings.write"} if pack.rules.rules else set()
    if any(rule.case_class for rule in pack.rules.rules):
        needed.add("cases.open")
    for permission in sorted(needed - set(pack.manifest.permissions)):
        problems.add(PermissionNotAsked(f"{pack.shown}/{FILE}", permission=permission))


def _plans(pack: Pack, names: _Names, problems: Problems) -> None:
    """Classes of this pack that a plan names; those of another pack are that pack's."""
    known = [f"{pack.name}.{name}" for name in names.classes]
    for plan in pack.plans:
        where = f"{pack.shown}/{plans_spec.FILE}"
        asked = [name for level in plan.levels for when in level.when for name in when.classes]
        for name in (*plan.classes, *asked):
            if name.startswith(f"{pack.name}."):
                problems.refer(name, known, "case_class", where)


def _console(pack: Pack, names: _Names, problems: Problems) -> None:
    for layer in pack.console.layers.values():
        texts.both(layer.title, f"layers.{layer.name}.title", layer.where, problems)
        _thing_or_place(layer.kind, layer.places, names, layer.where, problems)
        if layer.colour_by is not None:
            known = names.of([layer.kind] if layer.kind else [])
            problems.refer(layer.colour_by.property, known, "property", layer.where)
            if layer.colour_by.of:
                problems.refer(layer.colour_by.of, names.attributes, "attribute", layer.where)
    for panel in pack.console.panels.values():
        where, details = panel.where, panel.details
        texts.both(panel.title, f"panels.{panel.name}.title", where, problems)
        kind, places = details.get("kind", ""), details.get("places", "")
        _thing_or_place(kind, places, names, where, problems)
        if "property" in details:
            known = names.of([kind] if kind else [])
            problems.refer(details["property"], known, "property", where)
        for rule in (*details.get("rules", ()), *details.get("when_rules", ())):
            problems.refer(rule, names.rules, "rule", where)
        for one in details.get("kinds", ()):
            problems.refer(one, names.kinds, "kind", where)
        if "case_class" in details:
            problems.refer(details["case_class"], names.classes, "case_class", where)


def _thing_or_place(kind: str, places: str, names: _Names, where: str, problems: Problems) -> None:
    if kind:
        problems.refer(kind, names.kinds, "kind", where)
    if places:
        problems.refer(places, names.places, "place_kind", where)


def _sharing(pack: Pack, names: _Names, problems: Problems) -> None:
    for resource in pack.sharing.values():
        where = resource.where
        texts.both(resource.title, f"resources.{resource.name}.title", where, problems)
        texts.both(resource.summary, f"resources.{resource.name}.summary", where, problems)
        if resource.condition:
            name = f"resources.{resource.name}.condition"
            texts.both(resource.condition, name, where, problems)
        for kind in resource.kinds:
            problems.refer(kind, names.kinds, "kind", where)
        for one in resource.properties:
            problems.refer(one, names.of(resource.kinds), "property", where)
        for rule in resource.rules:
            problems.refer(rule, names.rules, "rule", where)
        problems.refer(resource.label, pack.manifest.data_labels, "data_label", where)
        if resource.open:
            problems.refer(resource.label, ["public"], "open_label", where)


def _services(pack: Pack, names: _Names, problems: Problems) -> None:
    for view in pack.services.views.values():
        texts.both(view.title, f"views.{view.name}.title", view.where, problems)
        problems.refer(view.resource, names.resources, "resource", view.where)
    for report in pack.services.reports:
        texts.both(report.title, "reports.title", report.where, problems)
        problems.refer(report.case_class, names.classes, "case_class", report.where)
    for one in pack.services.subscriptions:
        texts.both(one.title, "subscriptions.title", one.where, problems)
        problems.refer(one.rule, names.rules, "rule", one.where)


def _story(story: Story, names: _Names, problems: Problems) -> None:
    first = f"{story.file}, line 1"
    for place in story.places.values():
        problems.refer(place.kind, names.places, "place_kind", first)
    for device in story.devices.values():
        problems.refer(device.kind, names.kinds, "kind", device.where)
        if device.place:
            problems.refer(device.place, story.places, "place", device.where)
    for one in story.observations:
        if problems.refer(one.device, story.devices, "device", one.where):
            kind = story.devices[one.device].kind
            problems.refer(one.property, names.of([kind]), "property", one.where)
    for minute in story.minutes:
        _minute(minute, story, names, problems)


def _minute(minute: Minute, story: Story, names: _Names, problems: Problems) -> None:
    for reported in minute.reports:
        problems.refer(reported.case_class, names.classes, "case_class", reported.where)
        problems.refer(reported.place, story.places, "place", reported.where)
    for done in minute.acts:
        if problems.refer(done.case_class, names.classes, "case_class", done.where):
            steps = names.classes[done.case_class].machine.steps
            problems.refer(done.step, steps, "step", done.where)
    places: tuple[tuple[str, Iterable[str], str], ...] = (
        ("rule", names.rules, "rule"),
        ("class", names.classes, "case_class"),
        ("place", story.places, "place"),
        ("device", story.devices, "device"),
    )
    for wanted in (*(minute.findings or ()), *(minute.cases or ())):
        for key, known, sort in places:
            if key in wanted.wanted:
                problems.refer(str(wanted.wanted[key]), known, sort, wanted.where)


def _said(name: str, one: CaseClass) -> Iterator[tuple[Key, bool]]:
    """What may be said of a class among the texts, and whether nothing is missing: what a state
    or step is called in any class need not be said again."""
    yield ("cases", name, "explain"), True
    yield ("cases", name, "title"), _whole(one.title)
    core = default_machine()
    for state in one.machine.states.values():
        whole = state.name in core.states or _whole(state.title)
        yield ("cases", name, "states", state.name), whole
    for step in one.machine.steps.values():
        yield ("cases", name, "steps", step.name), step.name in core.steps or _whole(step.title)


def _whole(titles: Titles) -> bool:
    return all(titles.get(lang, "").strip() for lang in LANGUAGES)


def _texts(pack: Pack, names: _Names, problems: Problems) -> None:
    wanted: dict[Key, str] = {("pack", "title"): "", ("pack", "summary"): ""}
    of_classes = dict(one for item in names.classes.items() for one in _said(*item))
    allowed = {key for key, whole in of_classes.items() if whole}
    wanted |= {key: "" for key, whole in of_classes.items() if not whole}
    for rule in names.rules:
        wanted[("rules", rule, "title")] = wanted[("rules", rule, "explain")] = ""
    for kind in names.kinds:
        wanted[("kinds", kind)] = ""
    for item in names.properties:
        wanted[("properties", item)] = ""
    for parameter in names.parameters:
        wanted[("parameters", parameter)] = ""
    for rule_name, rule_ in names.rules.items():
        allowed |= {("rules", rule_name, "names", name) for name in rule_.expressions}
    texts.compare(pack.texts, wanted, allowed, problems, pack.shown)
    where = f"{pack.shown}/{FILE}"
    texts.both(pack.manifest.title, "title", where, problems)
    for name, entry in pack.inputs.items():
        texts.both(entry.title, f"inputs.{name}.title", entry.where, problems)
        for key, field in entry.fields.items():
            texts.both(field.title, f"inputs.{name}.{key}.title", field.where, problems)
    for story in pack.stories:
        if story.title:
            texts.both(story.title, "title", f"{story.file}, line 1", problems)
