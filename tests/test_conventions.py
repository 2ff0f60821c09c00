"""What CONTRIBUTING.md promises about the source, held by tests."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import yaml

import yiwang
from tests import prose
from yiwang.kernel import text
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import ACTIONS, Action

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "yiwang"
MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(yiwang.__path__, "yiwang.")
    if ".migrations." not in found.name and not found.name.endswith("__main__")
]
TESTS = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))


def _errors(kind: type[YiwangError]) -> list[type[YiwangError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _errors(below))]


ERRORS = sorted(
    {error for error in _errors(YiwangError) if error.__module__.startswith("yiwang.")},
    key=lambda error: error.code,
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_every_error_has_its_words_in_both_languages(error: type[YiwangError]) -> None:
    package = error.code.split(".")[0]
    for lang in text.LANGUAGES:
        entry = text.catalogue(package, lang).get(error.code)
        assert entry is not None, f"{error.code} is missing in {package}/text/{lang}.yaml"
        assert entry["what"].strip() and entry["todo"].strip()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_says_the_same_fields_in_both_languages(error: type[YiwangError]) -> None:
    package = error.code.split(".")[0]
    fields = [
        set(re.findall(r"{(\w+)}", str(text.catalogue(package, lang)[error.code])))
        for lang in text.LANGUAGES
    ]
    assert fields[0] == fields[1]


def test_error_codes_are_unique() -> None:
    seen: dict[str, str] = {}
    for error in ERRORS:
        name = f"{error.__module__}.{error.__name__}"
        assert seen.setdefault(error.code, name) == name


TEXT_FILES = sorted([*SOURCE.glob("*/text/en.yaml"), *SOURCE.glob("*/*/text/en.yaml")])


@pytest.mark.parametrize("file", TEXT_FILES, ids=lambda f: f.parts[-3])
def test_the_languages_have_the_same_keys(file: Path) -> None:
    english = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    chinese = yaml.safe_load((file.parent / "zh-CN.yaml").read_text(encoding="utf-8")) or {}
    assert set(english) == set(chinese)


def test_no_two_parts_of_a_package_name_one_text() -> None:
    seen: dict[str, Path] = {}
    for file in TEXT_FILES:
        for key in yaml.safe_load(file.read_text(encoding="utf-8")) or {}:
            assert seen.setdefault(key, file) == file, key


@pytest.mark.parametrize("entry", ACTIONS.values(), ids=lambda entry: entry.name)
def test_every_action_has_a_permission_a_docstring_and_a_test(entry: Action) -> None:
    assert entry.permission and entry.function.__doc__

    assert re.search(rf"\b{entry.function.__name__}\b", TESTS) or entry.name in TESTS


def test_names_of_actions_are_unique() -> None:
    """Of two of a name only the one imported last would be known, and checked above."""
    named = re.compile(r'^@(?:action|query)\(\s*"([^"]+)"', re.MULTILINE)
    seen: dict[str, Path] = {}
    for file in SOURCE.rglob("*.py"):
        for name in named.findall(file.read_text(encoding="utf-8")):
            assert name not in seen, f"{name}: {seen[name]} and {file}"
            seen[name] = file
    assert len(seen) > 100


def test_the_clock_is_read_in_one_place() -> None:
    reading = re.compile(r"\btime\.(time|time_ns|monotonic)\(|datetime\.(now|utcnow|today)\(")
    allowed = {SOURCE / "kernel" / "clock.py", SOURCE / "progress.py"}
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in SOURCE.rglob("*.py")
        if file not in allowed
        for match in reading.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_nothing_of_one_machine_is_written_down() -> None:
    """Paths below a home or work folder of whoever wrote it do not belong into the project."""
    path = re.compile(r"(?<![\w.])/(?:root|home/\w+|work)/")
    suffixes = {".py", ".md", ".yaml", ".toml", ".ts", ".tsx", ".json", ".sh"}
    folders = ("src/yiwang", "tests", "bench", "docs", "tools", "web/src")
    found = [
        str(file.relative_to(ROOT))
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.suffix in suffixes
        and "static" not in file.parts
        and path.search(file.read_text(encoding="utf-8"))
    ]
    assert found == []


PROSE_LEFT: dict[str, int] = {
    "cases/emergency": 9,
    "cases/scoring": 6,
    "cases/versions": 1,
    "commands": 2,
    "kernel": 2,
    "notices/channels": 1,
    "operate": 2,
    "registry": 2,
    "security/evidence": 1,
    "security/protection": 2,
    "sensing": 8,
    "sensing/history": 5,
    "sensing/mqtt": 28,
    "sensing/protocols": 116,
    "sharing/evaluation": 5,
    "sharing/files": 2,
    "sharing/gateway": 1,
    "sharing/lineage": 1,
    "sharing/opening": 1,
}
"""How much prose the errors of a part still hold; less is welcome, more is not."""


def test_errors_hold_no_prose() -> None:
    more = {
        part: told for part, told in prose.found().items() if len(told) > PROSE_LEFT.get(part, 0)
    }
    assert more == {}, "say it in text.Words, see kernel/errors.py"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a number", True),
        ("0 at most", True),
        ("0, position 0", True),
        ("$filter beside $apply", True),
        ("eq, ne, gt", False),
        ("a-z, 0-9, _", False),
        ("phenomenonTime", False),
        ("YYYY-MM-DD", False),
        ("1 … 300", False),
    ],
)
def test_what_counts_as_prose(written: str, found: bool) -> None:
    assert prose.is_prose(written) is found


def _listed(lang: str) -> dict[str, dict[str, str]]:
    """The texts of every list of words."""
    packages = {one.file.parts[0] for one in prose.modules() if len(one.file.parts) > 1}
    return {
        key: entry
        for package in packages
        for key, entry in text.catalogue(package, lang).items()
        if key.endswith(("_words", ".phrases"))
    }


def _fields(lang: str) -> dict[str, set[str]]:
    """What each text of those lists has a place for."""
    return {
        f"{name}.{key}": set(re.findall(r"(?<!{){(\w+)}", told))
        for name, texts in _listed(lang).items()
        for key, told in texts.items()
    }


def test_words_have_the_same_keys_and_fields_in_both_languages() -> None:
    assert _fields("en") == _fields("zh-CN")


def test_every_word_that_is_asked_for_is_there_and_the_others_are_not_kept() -> None:
    known = _fields("en")
    asked = [one for module in prose.modules() for one in module.asked()]
    assert [key for key, fields in asked if known.get(key) != fields] == []
    written = {one for module in prose.modules() for one in module.strings}
    assert [key for key in known if key.rsplit(".", 1)[1] not in written] == []
