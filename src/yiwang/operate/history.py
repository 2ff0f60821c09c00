"""What ``yiwang doctor`` says of history: what is held, how long it is kept, what is rolled up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yiwang.kernel.clock import DAY, HOUR, render
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.operate.checks import FAIL, OK, WARN, Check
from yiwang.sensing.history import holdings, keeping, policy
from yiwang.sensing.history.holdings import Holding
from yiwang.sensing.history.policy import Policy
from yiwang.store.database import Database

_MOST_NAMED = 20


def examine(settings: Settings, database: Database) -> Iterator[Check]:
    """Three checks: observations, retention, roll-ups. Reads files and tables only."""
    folder = settings.home / "observations"
    held, log = holdings.observations(folder), holdings.log_size(folder)
    found = f"{_held(held)} in the table; the newest are in a log of {_size(log)}"
    yield Check("observations", OK, found if held.files else f"all of them in a log: {_size(log)}")
    yield from _retention(settings, database)
    rolled = [f"{width}: {_held(one)}" for width, one in holdings.rollups(folder).items()]
    yield Check("roll-ups", OK, "; ".join(rolled) or "none")


def _held(one: Holding) -> str:
    span = ""
    if one.oldest is not None and one.newest is not None:
        span = f", from {render(one.oldest)} to {render(one.newest)}"
    return f"{one.rows:,} rows, {_size(one.size)} in {one.files:,} files{span}"


def _size(size: int) -> str:
    for unit, most in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= most:
            return f"{size / most:.1f} {unit}"
    return f"{size} B"


def _retention(settings: Settings, database: Database) -> Iterator[Check]:
    try:
        city = policy.read_city(settings.home / "city" / "history.yaml")
        with database.read() as connection:
            in_force = keeping.in_force(connection, city)
    except YiwangError as error:
        yield Check("retention", FAIL, error.message(), error.todo())
        return
    unknown = sorted(set(city.kinds) - set(in_force))
    gone = keeping.horizons(settings.home / "observations")
    found = "; ".join(_kept(in_force, gone))
    if unknown:
        todo = f"Correct city/history.yaml: no such kind of device is installed: {unknown[0]}"
        yield Check("retention", WARN, found, todo)
    else:
        yield Check("retention", OK, found)


def _kept(in_force: Mapping[str, Mapping[str, Policy]], gone: Mapping[str, int]) -> list[str]:
    for_ever = 0
    named: list[str] = []
    for kind, properties in in_force.items():
        for name, one in properties.items():
            if one == policy.EVERYTHING:
                for_ever += 1
            else:
                named.append(_said(f"{kind}/{name}", one, gone))
    more = len(named) - _MOST_NAMED
    named = named[:_MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
    return [*named, f"{for_ever} properties for ever"]


def _said(name: str, one: Policy, gone: Mapping[str, int]) -> str:
    text = f"{name} {_span(one.keep)}"
    if one.rollups:
        text += ", rolled up by " + ", ".join(
            f"{rollup.name} ({_span(rollup.keep)})" for rollup in one.rollups
        )
    if name in gone:
        text += f", gone before {render(gone[name])}"
    return text


def _span(keep: int | None) -> str:
    if keep is None:
        return "for ever"
    return f"{keep // DAY} d" if keep % DAY == 0 else f"{keep / HOUR:g} h"
