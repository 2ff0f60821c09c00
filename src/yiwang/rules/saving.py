"""The engine's state as bytes: arrays and what is none, in MessagePack. No pickle."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from yiwang.kernel.arrays import Packed, packed, unpacked
from yiwang.rules.nearby import NearbyFindings
from yiwang.rules.retained import Rows
from yiwang.rules.state import NEVER, State
from yiwang.rules.track import Episode, Track

if TYPE_CHECKING:
    from yiwang.rules.engine import Engine

_GENERATIONS = ("head", "kept", "base")
_ZIP = b"PK"


class SavedTrack(msgspec.Struct):
    """What of a track is not an array. Episodes are keyed by the subject's id."""

    key: str
    fingerprint: str
    slots: list[str]
    too_late: int
    episodes: dict[int, list[Episode]]
    conditions: dict[int, list[Episode]] | None = None
    findings: dict[int, list[Episode]] | None = None


class Saved(msgspec.Struct):
    watermark: int
    tracks: list[SavedTrack]


class _Content(msgspec.Struct):
    saved: Saved
    arrays: dict[str, Packed]


def dump(engine: Engine) -> bytes:
    arrays: dict[str, Any] = {}
    tracks = []
    for number, (key, item) in enumerate(engine.judged.items()):
        track = item.track
        used = np.flatnonzero(track.head.last != NEVER)
        arrays[f"{number}.ids"] = track.wiring.ids[used]
        arrays[f"{number}.excluded"] = track.excluded
        for generation in _GENERATIONS:
            for name, column in getattr(track, generation).columns():
                arrays[f"{number}.{generation}.{name}"] = column[..., used]
        saved = SavedTrack(
            key,
            track.program.fingerprint,
            list(track.program.settings.slots),
            track.too_late,
            _by_id(track, track.episodes),
        )
        if item.nearby:
            saved.conditions = _by_id(track, item.nearby.conditions)
            saved.findings = _by_id(track, item.nearby.findings)
        tracks.append(saved)
    rows = engine.rows()
    for name in ("datastream", "time", "value", "number"):
        arrays[f"rows.{name}"] = getattr(rows, name)
    held = {name: packed(array) for name, array in arrays.items()}
    return msgspec.msgpack.encode(_Content(Saved(engine.watermark, tracks), held))


def restore(engine: Engine, content: bytes) -> set[str]:
    """Load what still fits; returns the keys of the rules that were taken over."""
    taken = set()
    saved, arrays = _opened(content)
    for number, old in enumerate(saved.tracks):
        item = engine.judged.get(old.key)
        if item is None or item.track.program.fingerprint != old.fingerprint:
            continue
        if list(item.track.program.settings.slots) != old.slots:
            continue
        _restore_track(item.track, item.nearby, old, arrays, number)
        taken.add(old.key)
    rows = Rows(*(arrays[f"rows.{name}"] for name in ("datastream", "time", "value", "number")))
    engine.keep(rows)
    engine.advance(saved.watermark)
    engine.reach()
    return taken


def _opened(content: bytes) -> tuple[Saved, Mapping[str, Any]]:
    """What was saved, also as until November 2026: an NPZ archive with a JSON part."""
    if not content.startswith(_ZIP):
        held = msgspec.msgpack.decode(content, type=_Content)
        return held.saved, {name: unpacked(array) for name, array in held.arrays.items()}
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    return msgspec.json.decode(arrays["json"].tobytes(), type=Saved), arrays


def _restore_track(
    track: Track,
    nearby: NearbyFindings | None,
    old: SavedTrack,
    arrays: Mapping[str, Any],
    number: int,
) -> None:
    position = {int(subject): index for index, subject in enumerate(track.wiring.ids)}
    ids = arrays[f"{number}.ids"]
    source = np.array([i for i, subject in enumerate(ids.tolist()) if subject in position], int)
    target = np.array([position[int(subject)] for subject in ids[source]], int)
    track.excluded = arrays[f"{number}.excluded"]
    track.too_late = old.too_late
    for generation in _GENERATIONS:
        state: State = getattr(track, generation)
        for name, column in state.columns():
            column[..., target] = arrays[f"{number}.{generation}.{name}"][..., source]
    track.episodes = _by_position(position, old.episodes)
    if nearby is not None:
        nearby.conditions = _by_position(position, old.conditions or {})
        nearby.findings = _by_position(position, old.findings or {})


def _by_id(track: Track, episodes: dict[int, list[Episode]]) -> dict[int, list[Episode]]:
    return {int(track.wiring.ids[subject]): known for subject, known in episodes.items()}


def _by_position(
    position: dict[int, int], episodes: dict[int, list[Episode]]
) -> dict[int, list[Episode]]:
    return {position[i]: known for i, known in episodes.items() if i in position}
