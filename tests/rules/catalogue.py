"""Rules of every kind, as packs write them and as Python for the reference."""

from __future__ import annotations

from tests.rules.reference import Reference, View
from tests.rules.world import START
from yiwang.kernel.clock import MINUTE

BOUND = 10 * MINUTE

PARAMETERS = {
    "limit": """
parameter: limit
unit: cm
values:
  - {from: 2020-01-01, value: 10 cm}
  - {from: "2026-07-01T00:20:00Z", value: "0.08 m"}
source: a test
city_may_change: {least: 5 cm, most: 20 cm}
"""
}

_HEAD = "rule: {name}\nwatches: {watches}\nper: {per}\ntoo_late_after: 10 min\n"
_TAIL = "raise: {severity: notice}\n"


def _rule(name: str, body: str, watches: str = "meter", per: str = "thing") -> str:
    return _HEAD.format(name=name, watches=watches, per=per) + body + "\n" + _TAIL


RULES = {
    "threshold": _rule("threshold", "when: depth >= 10\nfor: 2 min\nclears_when: depth < 5"),
    "plain": _rule("plain", "when: depth >= 10\nclears_for: 3 min"),
    "dated": _rule("dated", "when: depth >= :limit"),
    "several": _rule(
        "several",
        "when: depth >= 10 AND running = 0\nfor: 1 min\nclears_when: running = 1 OR depth < 5",
        "[meter, pump]",
        "sites",
    ),
    "site": _rule("site", "when: depth > site.limit AND site.zone = 'east'", "meter", "sites"),
    "average": _rule(
        "average",
        "when: avg_over(depth, '5 min') >= 8 AND count_over(depth, '5 min') >= 2\n"
        "clears_when: max_over(depth, '4 min') < 9",
    ),
    "change": _rule(
        "change",
        "let:\n  rise: change_over(depth, '3 min')\n"
        "when: rise >= 5 OR rate_per_hour(depth, '2 min') > 200\n"
        "clears_when: rise <= 0",
    ),
    "stuck": _rule(
        "stuck",
        "when: unchanged_for_s(depth) >= 240 AND age_s(flow) < 600\n"
        "clears_when: unchanged_for_s(depth) < 60",
    ),
    "computed": _rule("computed", "when: double >= 24 OR mean > 12\nfor: 1 min"),
    "quiet": "rule: quiet\nwatches: meter\nsilence: {after: 7 min}\n" + _TAIL,
    "nearby": _rule(
        "nearby",
        "when: depth >= 10\nclears_when: depth < 9\n"
        "nearby: {count: 2, radius: 100 m, within: 4 min}",
    ),
}


def _least(value: float | None, bound: float) -> bool | None:
    return None if value is None else value >= bound


def _both(*parts: bool | None) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _either(*parts: bool | None) -> bool | None:
    if True in parts:
        return True
    return None if None in parts else False


def _not(part: bool | None) -> bool | None:
    return None if part is None else not part


def _below(value: float | None, bound: float) -> bool | None:
    return _not(_least(value, bound))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rate(view: View) -> float | None:
    before, now = view.before("depth", 2 * MINUTE), view["depth"]
    if before is None or now is None:
        return None
    return (now - before[1]) / (view.now - before[0]) * 60 * MINUTE


def _more(value: float | None, bound: float | None) -> bool | None:
    return None if value is None or bound is None else value > bound


def _zone(view: View) -> bool | None:
    zone = view.site.get("zone")
    return None if zone is None else zone == "east"


def _double(view: View) -> float | None:
    depth, flow = view["depth"], view["flow"]
    return None if depth is None else depth * 2 + (0 if flow is None else flow)


METER, PUMP = ("test.meter",), ("test.pump",)

REFERENCES = [
    Reference(
        "test/threshold",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _least(v["depth"], 10),
        lambda v: _below(v["depth"], 5),
        held=2 * MINUTE,
    ),
    Reference(
        "test/plain",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _least(v["depth"], 10),
        clears_for=3 * MINUTE,
    ),
    Reference(
        "test/dated",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _least(v["depth"], 10 if v.now < START + 20 * MINUTE else 8),
    ),
    Reference(
        "test/several",
        METER + PUMP,
        True,
        BOUND,
        ("depth", "running"),
        lambda v: _both(
            _least(v["depth"], 10), None if v["running"] is None else v["running"] == 0
        ),
        lambda v: _either(
            None if v["running"] is None else v["running"] == 1, _below(v["depth"], 5)
        ),
        held=MINUTE,
    ),
    Reference(
        "test/site",
        METER,
        True,
        BOUND,
        ("depth",),
        lambda v: _both(_more(v["depth"], v.site.get("limit")), _zone(v)),
    ),
    Reference(
        "test/average",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _both(
            _least(_mean(v.over("depth", 5 * MINUTE)), 8), len(v.over("depth", 5 * MINUTE)) >= 2
        ),
        lambda v: _below(max(v.over("depth", 4 * MINUTE), default=None), 9),
    ),
    Reference(
        "test/change",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _either(_least(v.change("depth", 3 * MINUTE), 5), _more(_rate(v), 200)),
        lambda v: _not(_more(v.change("depth", 3 * MINUTE), 0)),
    ),
    Reference(
        "test/stuck",
        METER,
        False,
        BOUND,
        ("depth", "flow"),
        lambda v: _both(_least(v.unchanged("depth"), 240), _below(v.age("flow"), 600)),
        lambda v: _below(v.unchanged("depth"), 60),
    ),
    Reference(
        "test/computed",
        METER,
        False,
        BOUND,
        ("depth", "flow"),
        lambda v: _either(_least(_double(v), 24), _more(_mean(v.over("depth", 5 * MINUTE)), 12)),
        held=MINUTE,
    ),
    Reference("test/quiet", METER, False, BOUND, ("depth", "flow"), silence=7 * MINUTE),
    Reference(
        "test/nearby",
        METER,
        False,
        BOUND,
        ("depth",),
        lambda v: _least(v["depth"], 10),
        lambda v: _below(v["depth"], 9),
        nearby=(2, 100.0, 4 * MINUTE),
    ),
]
