"""A small whole pack to spoil, and domains that only remember what they were told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from yiwang.packs.city import City
from yiwang.packs.library import Library
from yiwang.packs.model import Pack
from yiwang.packs.service import Domain
from yiwang.security.actions import Context

BAD_PACKS = Path(__file__).parents[1] / "bad_packs"
NAME = "cellar_water"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """The folder of a pack in which nothing is wrong."""
    return Path(shutil.copytree(BAD_PACKS / "good", tmp_path / "given" / NAME))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "city").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Library:
    """A library without built-in packs."""
    return Library(home, tmp_path / "none")


class Told:
    """A domain that remembers."""

    def __init__(self) -> None:
        self.packs: dict[str, tuple[Pack, City]] = {}
        self.calls: list[str] = []
        self.fails = False

    def install(self, ctx: Context, pack: Pack, city: City) -> None:
        if self.fails:
            raise RuntimeError
        self.calls.append(f"install {pack.name} {pack.version}")
        self.packs[pack.name] = (pack, city)

    def remove(self, ctx: Context, name: str) -> None:
        self.calls.append(f"remove {name}")
        self.packs.pop(name, None)

    def domains(self) -> list[Domain]:
        return [Domain(self.install, self.remove)]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    def change(file: Path, old: str, new: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change
