"""The packs that come with Yiwang pass the same check as anybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.kernel.clock import parse
from yiwang.kernel.text import LANGUAGES
from yiwang.packs import examples
from yiwang.packs.check import check
from yiwang.packs.explain import explain
from yiwang.packs.library import Library, builtin_folder

NAMES = sorted(path.name for path in builtin_folder().iterdir() if (path / "pack.yaml").is_file())


def test_there_are_packs() -> None:
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong(name: str) -> None:
    checked = check(builtin_folder() / name, name, {}, examples.run)
    assert [error.message() for error in checked.errors] == []
    pack = checked.use()
    for rule in pack.rules.rules:
        outcomes = [example for example in rule.examples if example.expect]
        assert outcomes, f"{rule.name} has no example that fires"
        assert len(outcomes) < len(rule.examples), f"{rule.name} has none that must not fire"
    assert len(pack.stories) >= 3
    assert (pack.folder / "README.md").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_explained_without_gaps(name: str, lang: str, tmp_path: Path) -> None:
    library = Library(tmp_path)
    pack = library.pack(name)
    page = explain(pack, library.city(name), parse("2026-07-01T00:00:00Z"), lang)
    assert "packs.ui" not in page and "{" not in page
    for rule in pack.rules.rules:
        assert pack.texts.find(("rules", rule.name, "title"), lang) in page
    for parameter in pack.rules.parameters:
        assert parameter.source in page
    assert ("来源" in page) == (lang == "zh-CN" and bool(pack.rules.parameters))
