"""Why there is a finding: the rule as it was, its parameters as they were, what was observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np

from yiwang.contracts.observations import ObservationReader
from yiwang.contracts.ports import Channel, ChannelDirectory
from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES, render
from yiwang.rules import errors, language, service, store
from yiwang.rules.store import RuleBody
from yiwang.rules.terms import Uses
from yiwang.security.actions import Caller, Context, query

MOST_OBSERVATIONS = 500
_MARGIN = 10 * clock.MINUTE


@query("rules.explain", permission="rules.read")
def explain(ctx: Context, number: int, lang: str = "zh-CN") -> dict[str, Any]:
    """Everything that led to a finding. Raises NoSuchFinding.

    ``rule``: its text and version as they were; ``parameters``: what each was worth then, by
    whose decision and which source; ``observations``: what was judged; ``story``: the same in
    sentences, by language.
    """
    row = store.finding(ctx.connection, number)
    if row is None:
        raise errors.NoSuchFinding(finding=number)
    version, body = store.version(ctx.connection, row.rule_version)
    tuned = store.tunings(ctx.connection, row.pack).get(row.pack, [])
    parameters = [
        service.described(item, tuned, row.raised_at) for item in service.parameters_used(body)
    ]
    uses = _uses(body)
    summary = service.summaries(ctx, [row], lang)[0]
    observations = _observations(ctx, row, body, uses)
    readable = ctx.caller.ports.get(ObservationReader) is not None
    gone = readable and not observations and not body.rule.silence
    zone = ctx.caller.calendar.zone
    return {
        "finding": summary,
        "rule": {
            "pack": row.pack,
            "rule": row.rule,
            "version": version,
            "title": body.texts["title"],
            "explain": body.texts["explain"],
            "when": body.rule.when,
            "let": _reached(body),
            "for_s": body.rule.held / clock.SECOND,
            "clears_when": body.rule.clears_when,
            "clears_for_s": body.rule.clears_for / clock.SECOND,
            "silence_after_s": body.rule.silence / clock.SECOND or None,
            "text": body.rule.text,
        },
        "parameters": parameters,
        "values": summary["values"],
        "observations": observations,
        "story": {
            name: _story(row, body, parameters, zone, name)
            + ([render("rules.story.gone", name, {})] if gone else [])
            for name in LANGUAGES
        },
    }


class Explainer:
    """The port ``FindingExplainer``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def explain(self, finding: int) -> dict[str, Any]:
        return explain(self._caller, finding)


def _reached(body: RuleBody) -> dict[str, str]:
    """The let names and computed properties that the rule speaks of."""
    found: dict[str, str] = {}
    texts = [body.rule.when, body.rule.clears_when]
    while texts:
        words = service.words(texts.pop())
        for name, inner in body.rule.expressions.items():
            if name in words and name not in found:
                found[name] = inner
                texts.append(inner)
    return found


def _uses(body: RuleBody) -> Uses:
    rule = body.rule
    if not rule.when:
        return Uses(properties=set(rule.properties))
    units = {item.name: item.unit for item in body.parameters}
    return language.compile_condition(rule.when, rule.names(units), rule.where).uses


def _observations(ctx: Context, row: Any, body: RuleBody, uses: Uses) -> list[dict[str, Any]]:
    """The observations of the subject from the span that the rule looked at."""
    ports = ctx.caller.ports
    reader, directory = ports.get(ObservationReader), ports.get(ChannelDirectory)
    if reader is None or directory is None:
        return []
    rule = body.rule
    kinds = [f"{row.pack}.{kind}" for kind in rule.watches]
    channels = {
        channel.datastream: channel
        for channel in directory.channels(kinds)
        if channel.property in uses.properties and _same(channel, row, rule.per != "thing")
    }
    if not channels:
        return []
    within = rule.nearby.within if rule.nearby else 0
    back = rule.held + max(uses.windows.values(), default=0) + rule.silence + within + _MARGIN
    until = row.raised_at + max(rule.held, _MARGIN)
    if row.cleared_at is not None:
        until = min(until, row.cleared_at)
    batch = reader.between(sorted(channels), row.raised_at - back, until, MOST_OBSERVATIONS)
    order = np.lexsort((batch.datastream, batch.time))
    return [
        _observation(channels[int(batch.datastream[at])], batch, int(at), rule.properties)
        for at in order
    ]


def _same(channel: Channel, row: Any, per_place: bool) -> bool:
    if per_place:
        return channel.place is not None and channel.place == row.place
    return bool(channel.thing == row.thing)


def _observation(channel: Channel, batch: Any, at: int, units: Mapping[str, str]) -> dict[str, Any]:
    value = float(batch.result[at])
    return {
        "time": clock.render(int(batch.time[at])),
        "thing": channel.thing,
        "datastream": channel.datastream,
        "property": channel.property,
        "value": None if np.isnan(value) else value,
        "unit": units.get(channel.property, ""),
    }


def _story(
    row: Any,
    body: RuleBody,
    parameters: Sequence[Mapping[str, Any]],
    zone: tzinfo,
    lang: str,
) -> list[str]:
    """The finding in sentences, with times by the clocks of ``zone``."""
    rule = body.rule
    raised = clock.spoken(row.raised_at, zone)
    at = {"raised": raised, "title": body.texts["title"].get(lang, rule.name)}
    lines = []
    if rule.silence:
        minutes = rule.silence / clock.MINUTE
        lines.append(render("rules.story.silence", lang, at | {"minutes": f"{minutes:g}"}))
    else:
        minutes = rule.held / clock.MINUTE
        fields = at | {"when": rule.when, "minutes": f"{minutes:g}"}
        lines.append(render("rules.story.held" if rule.held else "rules.story.when", lang, fields))
    if rule.nearby:
        fields = {"count": str(rule.nearby.count), "radius": f"{rule.nearby.radius_m:g}"}
        lines.append(render("rules.story.nearby", lang, fields))
    for item in parameters:
        shown = dict(item) | {"value": _shown(item["value"])}
        lines.append(render("rules.story.parameter", lang, shown))
        if item["tuned"]:
            lines.append(render("rules.story.tuned", lang, shown | item["tuned"]))
    if row.state == "cleared":
        fields = {"cleared": clock.spoken(row.cleared_at, zone)}
        lines.append(render("rules.story.cleared", lang, fields))
    if row.state == "withdrawn":
        lines.append(render("rules.story.withdrawn", lang, {}))
    return lines


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else "—" if value is None else "table"
