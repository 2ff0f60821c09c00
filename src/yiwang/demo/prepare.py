"""Makes a home ready for the demo: district, devices, accounts, through the same actions that
the API and the commands call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml

from yiwang.app import Platform
from yiwang.contracts.observations import Incoming
from yiwang.demo.errors import NotADemo, OtherDemo
from yiwang.demo.messages import Speech
from yiwang.demo.office import script
from yiwang.demo.plan import SIMULATED, City
from yiwang.demo.world import HISTORY_HOURS, World
from yiwang.kernel import clock
from yiwang.kernel import settings as settings_of
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.ids import secret
from yiwang.registry import editing
from yiwang.registry import service as registry
from yiwang.registry.editing import Entry
from yiwang.registry.nouns import NOUNS
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.sensing import service as sensing
from yiwang.sensing.devices import NewDevice

START = clock.parse("2026-07-15T06:00:00+08:00")
"""When the simulated story begins: a Wednesday in the flood season."""
EARLY = 10 * clock.MINUTE
"""The clock begins so long before the story, while the platform loads its rules."""
GATEWAYS = 4
VISITOR, NEIGHBOUR = "demo", "demo.resident"
"""With one password: who sees everything, and a resident."""
Say = Callable[[str], None]


class State(msgspec.Struct):
    """``demo.json`` in the home: which simulation it is and how far it came. ``clock`` is the
    simulated instant at which it was left."""

    scale: str
    seed: int
    clock: int
    visitor: str
    people: str
    gateway: str
    token: str = ""


@dataclass
class Prepared:
    """A home made ready. ``places``: kind and code by number; ``streams``: the datastream of
    each (kind, code, property) of car parks and stations."""

    state: State
    kinds: list[dict[str, Any]]
    places: dict[int, tuple[str, str]]
    streams: dict[tuple[str, str, str], int]


def state_file(home: Path) -> Path:
    return home / "keys" / "demo.json"


def save(home: Path, state: State) -> None:
    file = state_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(state))


def find(home: Path, scale: str, seed: int) -> State | None:
    """The simulation that is in a home; None in a new one. Raises NotADemo, OtherDemo."""
    file = state_file(home)
    if not file.is_file():
        if home.is_dir() and any(home.iterdir()):
            raise NotADemo(str(home))
        return None
    state = msgspec.json.decode(file.read_bytes(), type=State)
    if (state.scale, state.seed) != (scale, seed):
        raise OtherDemo(str(home), scale=state.scale, seed=state.seed)
    return state


def prepare(home: Path, city: City, scale: str, seed: int, say: Say) -> Prepared:
    """Load whatever is not there yet; safe to repeat after an interruption."""
    state = find(home, scale, seed)
    if state is None:
        state = State(scale, seed, START - EARLY, secret(9), secret(24), secret(24))
        save(home, state)
        settings = {"city_name": f"示范区{SIMULATED}"}
        text = yaml.safe_dump(settings, allow_unicode=True)
        (home / "yiwang.yaml").write_text(text, encoding="utf-8")
        (home / "city").mkdir(exist_ok=True)
        board = yaml.safe_dump(script()["board"], allow_unicode=True)
        (home / "city" / "hotline.yaml").write_text(board, encoding="utf-8")
    settings_, _ = settings_of.load(home, {}, {})
    before = START - HISTORY_HOURS * clock.HOUR
    now = ManualClock(state.clock if state.token else before)
    with Platform(settings_, now, simulated=True) as platform:
        caller = platform.caller("demo")
        if not state.token:
            say(f"Building the district: {city.summary()}")
            _load_registry(caller, city)
            _register(caller, city, say)
            _add_accounts(caller, city, state)
            platform.settle()
            _tell_history(platform, now, city, state)
            save(home, state)
        return Prepared(state, sensing.kinds(caller), _places(caller, city), _streams(caller, city))


def _load_registry(caller: Caller, city: City) -> None:
    load = {
        name: [
            Entry(f"demo:{name}:{index}", NOUNS[name].read(raw, name))
            for index, raw in enumerate(records)
        ]
        for name, records in city.records.items()
    }
    editing.load(caller, load)


def _register(caller: Caller, city: City, say: Say) -> None:
    numbers = {place: number for number, place in _places(caller, city).items()}
    kinds = sorted({device.kind for device in city.devices})
    for kind in kinds:
        devices = [
            NewDevice(
                device.code,
                device.name,
                round(device.lon, 6),
                round(device.lat, 6),
                numbers[device.place_kind, device.place_code],
                "",
                {"simulated": True},
            )
            for device in city.of_kind(kind)
        ]
        sensing.register_devices(caller, kind, devices)
        say(f"  {len(devices):,} × {kind}")


def _add_accounts(caller: Caller, city: City, state: State) -> None:
    there = {user.name for user in accounts.list_users(caller)}
    organisations = {one.code: one.id for one in editing.page(caller, "organisations", limit=1000)}
    areas = {area.code: area.id for area in registry.areas(caller)}
    if VISITOR not in there:
        accounts.add_user(caller, VISITOR, state.visitor, ["administrator"], f"访客{SIMULATED}")
    if NEIGHBOUR not in there:
        accounts.add_user(caller, NEIGHBOUR, state.visitor, ["citizen"], f"访客居民{SIMULATED}")
    for account in city.accounts:
        if account.user in there:
            continue
        accounts.add_user(
            caller,
            account.user,
            state.people,
            [account.role],
            account.display,
            organisations.get(account.organisation),
            [areas[code] for code in account.grids],
        )
    for number in range(GATEWAYS):
        accounts.add_device(caller, f"demo-gateway-{number + 1}", password=state.gateway)
    state.token = accounts.add_token(caller, VISITOR, "live line of the demo")


def _tell_history(platform: Platform, clock_: ManualClock, city: City, state: State) -> None:
    """What air and river stations measured on the day before, replayed in its own time."""
    streams = _streams(platform.caller("demo"), city)
    speech = Speech(city, (), streams, START)
    for batches in World(city, state.seed).history():
        arrays = speech.arrays(batches, {"mqtt", "http"})
        rows = [(number, *row) for number, found in arrays.items() for row in found]
        now = min(START + (batches[0].minute + 1) * clock.MINUTE, state.clock)
        clock_.set(now)
        numbers, moments, results = zip(*rows, strict=True)
        times = np.array([clock.parse(moment) for moment in moments], np.int64)
        incoming = Incoming(
            "demo:history", np.array(numbers), times, np.array(results, np.float64), now
        )
        platform.sensing.intake.accept(incoming)
        platform.settle()


def _places(caller: Caller, city: City) -> dict[int, tuple[str, str]]:
    kinds = sorted({place["kind"] for place in city.records["places"]})
    return {
        place.id: (place.kind, place.code)
        for kind in kinds
        for place in registry.places(caller, kind)
    }


def _streams(caller: Caller, city: City) -> dict[tuple[str, str, str], int]:
    remembered = ("air_station", "river_section", "car_park")
    spoken = {device.kind for device in city.devices if device.place_kind in remembered}
    found: dict[tuple[str, str, str], int] = {}
    for kind in sorted(spoken):
        same = [device for device in city.devices if device.kind == kind]
        new = [NewDevice(device.code) for device in same]
        codes = {thing: code for code, thing in sensing.register_devices(caller, kind, new).items()}
        for channel in sensing.channels(caller, [kind]):
            if channel.thing in codes:
                found[kind, codes[channel.thing], channel.property] = channel.datastream
    return found
