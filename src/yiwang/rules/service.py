"""The actions of rules: install, list, tune; and what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from yiwang.contracts.events import PacksChanged
from yiwang.contracts.ports import CaseDirectory
from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES
from yiwang.rules import errors, sites, store
from yiwang.rules.building import Loaded
from yiwang.rules.parameters import Parameter, Tuning, number, timeline
from yiwang.rules.spec import Rule, RulesSpec
from yiwang.rules.store import RuleBody
from yiwang.rules.tables import findings as table
from yiwang.security.actions import Context, action, query

FindText = Callable[[tuple[str, ...], str], str]
"""A text of a pack by path and language (``("rules", name, "title")``); empty for none."""

_PARTS = ("title", "explain")


@dataclass(frozen=True)
class Filter:
    """Which findings a list is about; None and empty mean all."""

    state: str = "all"
    rule: str = ""
    place: int | None = None
    thing: int | None = None
    severity: str = ""


@action("rules.install", permission="packs.install", audit_verb="rules_installed")
def install(
    ctx: Context,
    pack: str,
    version: str,
    spec: RulesSpec,
    texts: FindText | None = None,
    changes: Sequence[Tuning] = (),
) -> None:
    """Put a pack's rules in force, with the parameter changes of the city's file, which
    replace those that the file made before."""
    store.switch(ctx.connection, pack, True, ctx.now)
    store.put_pack(ctx.connection, pack, version, spec, True, ctx.now)
    store.replace_file_tunings(ctx.connection, pack, changes)
    for rule in spec.rules:
        body = RuleBody(rule, list(spec.parameters), _texts(rule, texts))
        store.put_version(ctx.connection, pack, version, body, ctx.now)
    ctx.note(f"pack:{pack}", version=version, rules=len(spec.rules))


@action("rules.remove", permission="packs.install", audit_verb="rules_removed")
def remove(ctx: Context, pack: str) -> None:
    """Switch a pack's rules off. What they found is kept."""
    store.switch(ctx.connection, pack, False, ctx.now)
    ctx.note(f"pack:{pack}")


def _texts(rule: Rule, texts: FindText | None) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for part in _PARTS:
        by_lang = {}
        for lang in LANGUAGES:
            text = texts(("rules", rule.name, part), lang) if texts else ""
            by_lang[lang] = text or (rule.title or rule.name if part == "title" else "")
        found[part] = by_lang
    return found


@action("rules.tune", permission="rules.tune", audit_verb="parameter_tuned")
def tune(
    ctx: Context,
    pack: str,
    name: str,
    value: float | str | None,
    why: str,
    since: int | None = None,
) -> None:
    """Give a parameter the city's own value from ``since`` (default: now); None takes the
    pack's value back into force. Raises NoSuchParameter, ParameterFixed, OutsideBounds,
    ReasonNeeded, InThePast and the errors of a value of the wrong kind."""
    parameter = _parameter(ctx, pack, name)
    if not parameter.tunable:
        raise errors.ParameterFixed(name=name, source=parameter.source)
    if not why.strip():
        raise errors.ReasonNeeded(name=name)
    start = ctx.now if since is None else since
    if start < ctx.now:
        raise errors.InThePast(name=name, since=clock.render(start))
    chosen = None if value is None else _within(parameter, value)
    tuning = Tuning(name, start, chosen, ctx.identity.label, why.strip(), ctx.now)
    store.add_tunings(ctx.connection, pack, [tuning], "action")
    ctx.note(f"parameter:{pack}/{name}", value=chosen, since=start, why=why)
    ctx.emit(PacksChanged(pack, store.packs(ctx.connection)[pack][0]))


def _within(parameter: Parameter, value: float | str) -> float:
    where = parameter.name
    chosen = number(value, parameter.unit, where, parameter.name, "now")
    least, most = parameter.least, parameter.most
    assert least is not None and most is not None
    if not least <= chosen <= most:
        unit = f" {parameter.unit}" if parameter.unit else ""
        raise errors.OutsideBounds(
            name=parameter.name,
            value=f"{chosen:g}{unit}",
            least=f"{least:g}{unit}",
            most=f"{most:g}{unit}",
        )
    return chosen


def _parameter(ctx: Context, pack: str, name: str) -> Parameter:
    installed = store.packs(ctx.connection).get(pack)
    known = {} if installed is None else {item.name: item for item in installed[1].parameters}
    if name not in known:
        raise errors.NoSuchParameter(pack=pack, name=name, known=", ".join(known))
    return known[name]


@query("rules.list", permission="rules.read")
def list_rules(ctx: Context, lang: str = "zh-CN") -> list[dict[str, Any]]:
    """Every rule in force with how much it found."""
    found = store.counts(ctx.connection)
    versions = store.packs(ctx.connection)
    return [
        _summary(key, body, lang)
        | {"version": versions[key.split("/")[0]][0], "findings": found.get(key, {})}
        for key, (_, body) in sorted(store.versions(ctx.connection).items())
    ]


@query("rules.show", permission="rules.read")
def show_rule(ctx: Context, pack: str, rule: str, lang: str = "zh-CN") -> dict[str, Any]:
    """One rule as it stands: its text, its parameters with their values, bounds and sources.
    Raises NoSuchRule."""
    found = store.versions(ctx.connection).get(f"{pack}/{rule}")
    if found is None:
        raise errors.NoSuchRule(pack=pack, rule=rule)
    body = found[1]
    tuned = store.tunings(ctx.connection, pack).get(pack, [])
    used = parameters_used(body)
    return _summary(f"{pack}/{rule}", body, lang) | {
        "text": body.rule.text,
        "parameters": [described(item, tuned, ctx.now) for item in used],
        "examples": [example.name for example in body.rule.examples],
    }


@query("rules.loaded", permission="rules.read")
def loaded(ctx: Context, pack: str) -> Loaded:
    """A pack's rules and the city's values, as the engine runs them, for back-tests. Raises
    NoSuchRule."""
    for item in store.loaded(ctx.connection):
        if item.pack == pack:
            return item
    raise errors.NoSuchRule(pack=pack, rule="*")


def _summary(key: str, body: RuleBody, lang: str) -> dict[str, Any]:
    rule = body.rule
    pack, name = key.split("/")
    seconds = clock.SECOND
    return {
        "pack": pack,
        "rule": name,
        "title": body.texts["title"].get(lang) or name,
        "explain": body.texts["explain"].get(lang, ""),
        "watches": list(rule.watches),
        "per": rule.per,
        "when": rule.when,
        "for_s": rule.held / seconds,
        "clears_when": rule.clears_when or (f"NOT ({rule.when})" if rule.when else ""),
        "clears_for_s": rule.clears_for / seconds,
        "too_late_after_s": rule.lateness / seconds,
        "silence_after_s": rule.silence / seconds if rule.silence else None,
        "nearby": None
        if rule.nearby is None
        else {
            "count": rule.nearby.count,
            "radius_m": rule.nearby.radius_m,
            "within_s": rule.nearby.within / seconds,
        },
        "severity": rule.severity,
        "case_class": rule.case_class,
    }


def parameters_used(body: RuleBody) -> list[Parameter]:
    """The parameters that the rule speaks of, also through computed properties."""
    rule = body.rule
    texts = [rule.when, rule.clears_when]
    reached: set[str] = set()
    used: set[str] = set()
    while texts:
        text = texts.pop()
        used |= {item.name for item in body.parameters if f":{item.name}" in words(text)}
        for name, inner in rule.expressions.items():
            if name not in reached and name in words(text):
                reached.add(name)
                texts.append(inner)
    return [item for item in body.parameters if item.name in used]


def words(text: str) -> set[str]:
    """The names in an expression; those of parameters with their colon."""
    return set(re.findall(r":?[A-Za-z_][A-Za-z0-9_]*", text))


def described(parameter: Parameter, tuned: Sequence[Tuning], at: int) -> dict[str, Any]:
    """A parameter as it was at an instant: value, since when, from whom, by which source."""
    own = [item for item in tuned if item.name == parameter.name]
    value, by = timeline(parameter, own).at(at)
    dated = parameter.at(at)
    since = by.since if by else (dated.since if dated else None)
    return {
        "name": parameter.name,
        "value": value,
        "unit": "" if parameter.unit in ("table", "1") else parameter.unit,
        "since": None if since is None else clock.render(since),
        "source": parameter.source,
        "note": parameter.note,
        "tuned": None
        if by is None
        else {"who": by.who, "why": by.why, "set_at": clock.render(by.set_at)},
        "least": parameter.least,
        "most": parameter.most,
    }


@query("rules.findings", permission="rules.read")
def findings(
    ctx: Context,
    wanted: Filter,
    limit: int = 50,
    after: tuple[int, int] | None = None,
    lang: str = "zh-CN",
) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
    """Summaries of findings, the latest first, and the keys of the last for the next page."""
    rows = store.page(ctx.connection, _conditions(wanted), limit, after)
    keys = (rows[-1].raised_at, rows[-1].id) if rows else None
    return summaries(ctx, rows, lang), keys


def _conditions(wanted: Filter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.state != "all":
        conditions.append(table.c.state == wanted.state)
    if wanted.rule:
        pack, _, rule = wanted.rule.rpartition("/")
        conditions.append(table.c.rule == rule)
        if pack:
            conditions.append(table.c.pack == pack)
    for column, value in (("place", wanted.place), ("thing", wanted.thing)):
        if value is not None:
            conditions.append(table.c[column] == value)
    if wanted.severity:
        conditions.append(table.c.severity == wanted.severity)
    return conditions


@query("rules.finding", permission="rules.read")
def finding(ctx: Context, number: int, lang: str = "zh-CN") -> dict[str, Any]:
    """The summary of one finding. Raises NoSuchFinding."""
    row = store.finding(ctx.connection, number)
    if row is None:
        raise errors.NoSuchFinding(finding=number)
    return summaries(ctx, [row], lang)[0]


@query("rules.findings_by_number", permission="rules.read")
def findings_by_number(
    ctx: Context, numbers: Sequence[int], lang: str = "zh-CN"
) -> list[dict[str, Any]]:
    """Summaries of some findings, for the live stream."""
    rows = [row for part in store.chunks(list(numbers)) for row in store.many(ctx.connection, part)]
    return summaries(ctx, rows, lang)


def summaries(ctx: Context, rows: Sequence[Any], lang: str) -> list[dict[str, Any]]:
    titles = store.titles(ctx.connection, {row.rule_version for row in rows})
    places = sites.names(ctx, {row.place for row in rows if row.place is not None}, lang)
    directory = ctx.caller.ports.get(CaseDirectory)
    cases = directory.case_of([row.id for row in rows]) if directory is not None else {}
    return [
        {
            "id": row.id,
            "key": row.key,
            "pack": row.pack,
            "rule": row.rule,
            "title": titles[row.rule_version].get(lang) or row.rule,
            "severity": row.severity,
            "state": row.state,
            "raised_at": clock.render(row.raised_at),
            "cleared_at": None if row.cleared_at is None else clock.render(row.cleared_at),
            "thing": row.thing,
            "place": row.place,
            "place_name": places.get(row.place),
            "lon": row.lon,
            "lat": row.lat,
            "values": row._mapping[table.c["values"]],
            "case": cases.get(row.id),
        }
        for row in rows
    ]
