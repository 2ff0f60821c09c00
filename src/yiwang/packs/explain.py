"""``yiwang pack explain``: what a pack watches, decides, opens and shares, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yiwang.cases.model.classes import CaseClass, DeadlineRule
from yiwang.kernel import clock, text
from yiwang.packs.city import City
from yiwang.packs.model import Pack
from yiwang.packs.problems import text_of
from yiwang.rules.spec import Rule


def explain(pack: Pack, city: City, now: int, lang: str) -> str:
    """The whole page, as plain text."""
    parts: list[str] = [f"{pack.title(lang)} ({pack.name} {pack.version})"]
    summary = pack.texts.find(("pack", "summary"), lang)
    parts += [summary] if summary else []
    values = values_now(pack, city, now)
    sections = (
        ("watches", _kinds(pack, lang)),
        ("rules", _rules(pack, values, lang)),
        ("parameters", _parameters(pack, city, values, now, lang)),
        ("cases", _cases(pack, lang)),
        ("inputs", _inputs(pack, city, lang)),
        ("shares", _shares(pack, lang)),
        ("citizens", _citizens(pack, lang)),
    )
    for name, lines in sections:
        listed = list(lines)
        if listed:
            parts += ["", _ui(name, lang), *listed]
    return "\n".join(parts)


def values_now(pack: Pack, city: City, now: int) -> dict[str, str]:
    """Every parameter's value in force, as people write it."""
    found: dict[str, str] = {}
    for parameter in pack.rules.parameters:
        own = _own(city, parameter.name, now)
        dated = parameter.at(now)
        unit = "" if parameter.unit in ("", "1", "table") else f" {parameter.unit}"
        if own is not None:
            found[parameter.name] = f"{own.value:g}{unit}"
        else:
            found[parameter.name] = dated.text if dated else "-"
    return found


def _quantity(value: float, unit: str, lang: str) -> str:
    if unit == "s" and value == int(value):
        return _span(int(value) * clock.SECOND, lang)
    return f"{value:g}" if unit in ("", "1") else f"{value:g} {unit}"


def _own(city: City, name: str, now: int) -> Any:
    mine = [one for one in city.changes if one.parameter == name and one.since <= now]
    return max(mine, key=lambda one: one.since) if mine else None


def _kinds(pack: Pack, lang: str) -> Iterable[str]:
    for kind in pack.devices:
        title = pack.texts.find(("kinds", kind.name), lang) or kind.name
        units = {item.name: item.unit for item in kind.properties}
        units |= {item.name: item.unit for item in kind.computed}
        names = [
            (pack.texts.find(("properties", name), lang) or name)
            + ("" if unit == "1" else f" ({unit})")
            for name, unit in units.items()
        ]
        rhythm = "" if kind.period is None else _ui("every", lang, time=_span(kind.period, lang))
        yield f"  {title} [{kind.name}]: {', '.join(names)}{rhythm}"


def _rules(pack: Pack, values: Mapping[str, str], lang: str) -> Iterable[str]:
    for rule in pack.rules.rules:
        title = pack.texts.find(("rules", rule.name, "title"), lang) or rule.name
        severity = _ui(rule.severity, lang)
        yield f"  {title} [{rule.name}], {severity}"
        explained = pack.texts.find(("rules", rule.name, "explain"), lang)
        if explained:
            yield f"    {_filled(explained, values)}"
        yield f"    {_condition(rule, values, lang)}"
        if rule.case_class:
            name = pack.texts.find(("cases", rule.case_class, "title"), lang) or rule.case_class
            yield f"    {_ui('opens', lang, name=name)}"


def _filled(explained: str, values: Mapping[str, str]) -> str:
    """The explanation with parameters filled in; what is observed stays a name."""
    for name, value in values.items():
        number = value.split()[0] if value else value
        explained = explained.replace("{" + name + "}", number)
    return explained.replace("{", "<").replace("}", ">")


def _condition(rule: Rule, values: Mapping[str, str], lang: str) -> str:
    if rule.silence:
        return _ui("silent", lang, time=_span(rule.silence, lang))
    words = [_ui("when", lang, condition=_with_values(rule.when, values))]
    words += [f"{name} = {' '.join(text.split())}" for name, text in _let(rule)]
    if rule.held:
        words.append(_ui("for", lang, time=_span(rule.held, lang)))
    if rule.nearby is not None:
        near = rule.nearby
        fields = {"count": near.count, "radius": f"{near.radius_m:g} m"}
        words.append(_ui("nearby", lang, **fields, time=_span(near.within, lang)))
    if rule.clears_when:
        words.append(_ui("clears", lang, condition=_with_values(rule.clears_when, values)))
    return "; ".join(words)


def _let(rule: Rule) -> Iterable[tuple[str, str]]:
    used = f"{rule.when} {rule.clears_when}"
    return ((name, text) for name, text in rule.expressions.items() if name in used)


def _with_values(condition: str, values: Mapping[str, str]) -> str:
    plain = " ".join(condition.split())
    for name in sorted(values, key=len, reverse=True):
        shown = values[name] if len(values[name]) < 24 else f"[{name}]"
        plain = plain.replace(f":{name}", shown)
    return plain


def _parameters(
    pack: Pack, city: City, values: Mapping[str, str], now: int, lang: str
) -> Iterable[str]:
    for parameter in pack.rules.parameters:
        title = pack.texts.find(("parameters", parameter.name), lang) or parameter.name
        dated = parameter.at(now)
        since = clock.render(dated.since)[:10] if dated else "-"
        own = _own(city, parameter.name, now)
        yield f"  {title} [{parameter.name}]: {values[parameter.name]}"
        if own is not None:
            day = clock.render(own.since)[:10]
            yield f"    {_ui('by_city', lang, who=own.who, since=day, why=own.why)}"
        yield f"    {_ui('source', lang, since=since, source=parameter.source)}"
        if parameter.least is not None and parameter.most is not None:
            limits = (parameter.least, parameter.most)
            bounds = " … ".join(_quantity(limit, parameter.unit, lang) for limit in limits)
            yield f"    {_ui('may_change', lang, bounds=bounds)}"


def _cases(pack: Pack, lang: str) -> Iterable[str]:
    for one in pack.cases.classes:
        name = one.code.removeprefix(f"{pack.name}.")
        title = pack.texts.find(("cases", name, "title"), lang) or text_of(one.title, lang) or name
        limits = "; ".join(
            f"{_ui(severity, lang)} {_deadline(rule, lang)}"
            for severity, rule in one.deadlines.items()
        )
        yield f"  {title} [{name}]: {_ui('goes_to', lang, function=one.role)}; {limits}"
        needs = _evidence(one, lang)
        if needs:
            yield f"    {needs}"


def _evidence(one: CaseClass, lang: str) -> str:
    parts = []
    if one.evidence.photos:
        parts.append(_ui("photos", lang, count=one.evidence.photos))
    if one.evidence.text:
        parts.append(_ui("text", lang))
    return _ui("needs", lang, needs=", ".join(parts)) if parts else ""


def _deadline(rule: DeadlineRule, lang: str) -> str:
    unit, size = ("hours", 60) if rule.minutes % 60 == 0 else ("minutes", 1)
    time = _ui(unit, lang, count=rule.minutes // size)
    return _ui(f"counting_{rule.counting}", lang, time=time)


def _inputs(pack: Pack, city: City, lang: str) -> Iterable[str]:
    for name, entry in pack.inputs.items():
        title = text_of(entry.title, lang) or name
        value = city.inputs.get(name)
        yield f"  {title} [{name}]: {'-' if value is None else value}"


def _shares(pack: Pack, lang: str) -> Iterable[str]:
    for one in pack.sharing.values():
        opened = _ui("open" if one.open else "not_open", lang)
        share = _ui(f"share_{one.share}", lang)
        title, label = text_of(one.title, lang), _ui(f"label_{one.label}", lang)
        yield f"  {title} [{one.name}]: {share}, {opened}, {label}"
        condition = text_of(one.condition, lang)
        yield f"    {_ui('basis', lang, basis=one.basis)}" + (f" {condition}" if condition else "")


def _citizens(pack: Pack, lang: str) -> Iterable[str]:
    for view in pack.services.views.values():
        yield f"  {_ui('see', lang)} {text_of(view.title, lang)}"
    for report in pack.services.reports:
        yield f"  {_ui('report', lang)} {text_of(report.title, lang)}"
    for one in pack.services.subscriptions:
        yield f"  {_ui('follow', lang)} {text_of(one.title, lang)}"


def _span(microseconds: int, lang: str) -> str:
    seconds = microseconds // clock.SECOND
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds % size == 0:
            return _ui(unit, lang, count=seconds // size)
    return _ui("seconds", lang, count=seconds)


def _ui(key: str, lang: str, **fields: object) -> str:
    return text.render(f"packs.ui.{key}", lang, fields)
