"""Learnt models in the home: numbers and words only, never code; nothing is unpickled."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from yiwang.cases.learning.model import Model

_ARRAYS = ("columns", "weights", "offsets", "table", "raw", "sure", "least")


@dataclass(frozen=True)
class Card:
    """What a version was learnt from. ``promised`` counts, for what was learnt, the answers
    that are right in 98 % of cases when they are sure enough."""

    version: int
    made_at: int
    cases: int
    since: int
    until: int
    digest: str
    promised: dict[str, int]


def versions(folder: Path) -> list[int]:
    """The versions that are whole, oldest first."""
    return sorted(int(one.parent.name) for one in folder.glob("[0-9]*/card.json"))


def save(folder: Path, card: Card, models: dict[str, Model]) -> None:
    """Write a version; it counts once its card stands."""
    home = folder / f"{card.version:04d}"
    home.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        held = io.BytesIO()
        arrays: dict[str, Any] = {key: getattr(model, key) for key in _ARRAYS}
        arrays["weights"] = model.weights.astype(np.float32)
        np.savez_compressed(held, allow_pickle=False, **arrays)
        (home / f"{name}.npz").write_bytes(held.getvalue())
        words = {"targets": model.targets, "classes": model.classes, "blend": model.blend}
        (home / f"{name}.json").write_bytes(msgspec.json.encode(words))
    draft = home / "card.json.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=1))
    os.replace(draft, home / "card.json")


def card(folder: Path, version: int) -> Card:
    return msgspec.json.decode((folder / f"{version:04d}" / "card.json").read_bytes(), type=Card)


def load(folder: Path, version: int, name: str) -> Model:
    """One target's model. Raises OSError, ValueError for a file that is not one."""
    home = folder / f"{version:04d}"
    words = msgspec.json.decode((home / f"{name}.json").read_bytes(), type=_Words)
    with np.load(home / f"{name}.npz", allow_pickle=False) as held:
        arrays = {key: held[key] for key in _ARRAYS}
    arrays["weights"] = arrays["weights"].astype(np.float64)
    return Model(tuple(words.targets), classes=tuple(words.classes), blend=words.blend, **arrays)


class _Words(msgspec.Struct):
    targets: list[str]
    classes: list[str]
    blend: float
