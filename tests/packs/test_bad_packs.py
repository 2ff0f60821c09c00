"""Every folder in tests/bad_packs is the good pack with one thing wrong, and says the words
that its message must contain, in both languages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packs.conftest import BAD_PACKS, NAME
from yiwang.kernel.text import LANGUAGES
from yiwang.packs import examples
from yiwang.packs.check import Checked, check

CASES = sorted(path.name for path in BAD_PACKS.iterdir() if (path / "expect.yaml").is_file())


def spoiled(name: str, folder: Path) -> tuple[Checked, dict[str, Any]]:
    """The good pack with the files of ``name`` laid over it, checked."""
    expect = yaml.safe_load((BAD_PACKS / name / "expect.yaml").read_text(encoding="utf-8"))
    target = Path(shutil.copytree(BAD_PACKS / "good", folder / NAME))
    shutil.copytree(BAD_PACKS / name, target, dirs_exist_ok=True)
    (target / "expect.yaml").unlink()
    for file in expect.get("remove", ()):
        (target / file).unlink()
    return check(target, NAME, None, examples.run), expect


def test_the_good_pack_is_good(good: Path) -> None:
    checked = check(good, NAME, None, examples.run)
    assert [error.message() for error in checked.errors] == []
    assert checked.use().version == "1.2.0"


@pytest.mark.parametrize("name", CASES)
def test_the_message_says_what_is_wrong(name: str, tmp_path: Path) -> None:
    checked, expect = spoiled(name, tmp_path)
    assert checked.errors
    for lang in LANGUAGES:
        messages = [error.message(lang) for error in checked.errors]
        meant = [one for one in messages if one.startswith(expect["where"])]
        assert meant, f"{expect['where']} in none of {messages}"
        assert any(all(word in one for word in expect[lang]) for one in meant), meant
        assert all("\n  " in one for one in messages), "a message says what to do"
    assert len(checked.errors) == 1, [error.message() for error in checked.errors]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    target = Path(shutil.copytree(BAD_PACKS / "good", tmp_path / NAME))
    (target / "judge.py").write_text("x = 1\n")
    for file, old, new in (
        ("parameters/water_most.yaml", '"4 cm"', '"4 kg"'),
        ("rules/wet_cellar.yaml", "watches: water_sensor", "watches: sensor"),
        ("console.yaml", "type: ranking", "type: rankings"),
        ("console.yaml", "places: cellar", "placez: cellar"),
        ("inputs.yaml", "type: choice", "type: choise"),
    ):
        path = target / file
        path.write_text(path.read_text().replace(old, new))
    codes = sorted(error.code for error in check(target, NAME).errors)
    assert codes == [
        "kernel.not_allowed",
        "kernel.not_allowed",
        "kernel.unknown_key",
        "packs.code_file",
        "rules.unknown_device_kind",
        "rules.wrong_parameter_unit",
    ]


def test_titles_beside_a_class_need_not_stand_among_the_texts(good: Path) -> None:
    for lang in LANGUAGES:
        file = good / "text" / f"{lang}.yaml"
        lines = file.read_text().splitlines(keepends=True)
        at = lines.index("cases:\n")
        file.write_text("".join(lines[:at] + lines[at + 2 :]))
    cases = good / "cases.yaml"
    titles = "    title: {zh-CN: 地下室进水, en: Wet cellar}\n"
    states = "    states: {pumping: {kind: working, title: {zh-CN: 抽水中, en: Pumping}}}\n"
    steps = "    steps: {report: {from: [dispatched, pumping]}}\n"
    cases.write_text(cases.read_text() + titles + states + steps)
    assert [error.message() for error in check(good, NAME).errors] == []


def test_a_link_out_of_the_folder_is_refused(good: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (good / "recordings" / "more.txt").symlink_to(secret)
    (error,) = check(good, NAME).errors
    assert error.code == "packs.leaves_folder"
    assert error.where == f"{NAME}/recordings/more.txt"
