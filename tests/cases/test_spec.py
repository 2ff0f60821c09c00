"""``cases.yaml``: what is read, and what is refused with file, line and what to do."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import yiwang.packs
from yiwang.cases.model.classes import CaseClass, DeadlineRule
from yiwang.cases.spec import CasesSpec, default_machine, parse, read
from yiwang.kernel import documents
from yiwang.kernel.clock import HOUR
from yiwang.kernel.errors import YiwangError

BUILTIN = Path(yiwang.packs.__file__).parent / "builtin"

GOOD = """
classes:
  leak:
    title: {zh-CN: 漏水, en: Leak}
    event_class:
      code: water.leak
      major: {zh-CN: 供水, en: Water supply}
    severity: urgent
    role: water
    deadline:
      urgent: {hours: 2, counting: clock}
      warning: {days: 2, counting: working}
      areas:
        S-01: {urgent: {minutes: 45, counting: clock}}
    merge: {radius: 0.2 km, within: 90 min}
    states: {digging: working}
    steps:
      dig: {from: [handling], to: digging, who: [handler]}
      report: {from: [dispatched, handling, digging]}
    evidence: {photos: 2}
    verification: reporter
    on_cleared: verify
    automatic: []
    warnings: [0.5, 0.9]
    assessment: {unsolved_within: {days: 3, counting: clock}}
    reopening: {within: {days: 15, counting: clock}}
    extensions: {times: 2, share: 0.5}
    returns: {told_after: 2, most: 4}
    supervision:
      - {title: {zh-CN: 黄牌, en: Yellow card}, answer: {hours: 8, counting: working}}
    stages: {reported: {minutes: 30, counting: clock}, digging: {days: 1, counting: working}}
"""


def _parse(text: str) -> CasesSpec:
    return parse(documents.parse(text, "cases.yaml"), "demo", {})


def test_a_class_is_read_whole() -> None:
    spec = _parse(GOOD)
    one = spec.classes[0]
    assert one.code == "demo.leak"
    assert one.merge.radius_m == pytest.approx(200)
    assert one.merge.within == 1.5 * HOUR
    assert one.deadlines["warning"] == DeadlineRule(960, "working")
    assert one.deadline("critical") == DeadlineRule(120, "clock")
    assert one.deadline("notice") == DeadlineRule(960, "working")
    assert one.machine.states["digging"].kind == "working"
    assert "digging" in one.machine.steps["void"].sources
    assert "digging" in one.machine.steps["comment"].sources
    assert "digging" not in one.machine.steps["suspend"].sources
    assert spec.roles == ("water",)
    record = spec.event_classes[0].record()
    assert (record["major"], record["minor"], record["name_en"]) == ("water", "leak", "Leak")


def test_the_bounds_of_the_side_paths_are_read() -> None:
    one = _parse(GOOD).classes[0]
    bounds = one.machine.bounds
    assert bounds.warnings == (0.5, 0.9)
    assert (bounds.unsolved_within, bounds.reopen_within) == (3 * 1440, 15 * 1440)
    assert (bounds.extensions, bounds.extension_share) == (2, 0.5)
    assert (bounds.returns_told, bounds.returns_most) == (2, 4)
    assert bounds.level(3).answer == DeadlineRule(480, "working")
    assert bounds.stages["digging"] == DeadlineRule(480, "working")
    assert one.deadline("urgent", ["G-9", "S-01"]) == DeadlineRule(45, "clock")
    assert one.deadline("urgent", ["S-02"]) == DeadlineRule(120, "clock")
    assert "digging" in one.machine.steps["ask_extension"].sources


def test_what_a_class_leaves_out_is_the_default() -> None:
    plain = GOOD[: GOOD.index("    warnings:")]
    bounds = _parse(plain).classes[0].machine.bounds
    assert bounds == default_machine().bounds
    assert bounds.returns_told == 3 and bounds.reopen_within is None
    none = plain + "    returns: {told_after: false}\n    assessment: {unsolved_within: false}\n"
    bounds = _parse(none).classes[0].machine.bounds
    assert bounds.returns_told is None and bounds.unsolved_within == 0


def test_a_class_survives_storing() -> None:
    one = _parse(GOOD).classes[0]
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(one)), CaseClass) == one


def test_texts_of_the_pack_serve_as_titles(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    plain = GOOD.replace("    title: {zh-CN: 漏水, en: Leak}\n", "")
    (tmp_path / "cases.yaml").write_text(plain, encoding="utf-8")
    words = (
        "cases:\n  leak:\n    title: 漏水\n    states: {digging: 开挖中}\n    steps: {dig: 开挖}\n"
    )
    (tmp_path / "text" / "zh-CN.yaml").write_text(words, encoding="utf-8")
    one = read(tmp_path, "demo").classes[0]
    assert one.title == {"zh-CN": "漏水"}
    assert one.machine.states["digging"].title == {"zh-CN": "开挖中"}
    assert one.machine.steps["dig"].title == {"zh-CN": "开挖"}


def test_a_pack_without_cases_has_none(tmp_path: Path) -> None:
    assert read(tmp_path) == CasesSpec()


@pytest.mark.parametrize("folder", sorted(BUILTIN.glob("*/")), ids=lambda folder: folder.name)
def test_the_classes_of_the_built_in_packs_are_good(folder: Path) -> None:
    for one in read(folder).classes:
        assert one.title and one.role


def test_nobody_is_stuck_in_the_default_machine() -> None:
    assert default_machine().dead_ends() == []


BAD = {
    "a key that is not known": ("severity: urgent", "severty: urgent", "severity"),
    "a severity that does not exist": ("severity: urgent", "severity: high", "critical"),
    "a unit of another kind": ("radius: 0.2 km", "radius: 2 kg", "radius"),
    "a number that is none": ("within: 90 min", "within: soon", "within"),
    "no way of counting": ("{hours: 2, counting: clock}", "{hours: 2}", "counting"),
    "no time at all": ("{hours: 2, counting: clock}", "{counting: clock}", "deadline"),
    "a state of no kind": ("states: {digging: working}", "states: {digging: busy}", "waiting"),
    "an unknown state": (
        "from: [handling], to: digging",
        "from: [nowhere], to: digging",
        "nowhere",
    ),
    "an unknown person": ("who: [handler]", "who: [mayor]", "mayor"),
    "a dead end": ("handling, digging]}", "handling]}", "digging"),
    "an unknown checker": ("verification: reporter", "verification: priest", "priest"),
    "half a title": ("en: Leak}", "de: Leck}", "de"),
    "photos in words": ("photos: 2", "photos: two", "photos"),
    "a source that does nothing": ("automatic: []", "automatic: [phone]", "phone"),
    "falling warnings": ("[0.5, 0.9]", "[0.9, 0.5]", "warnings"),
    "a warning after the end": ("[0.5, 0.9]", "[0.5, 1.5]", "warnings"),
    "a window in working time": (
        "{days: 15, counting: clock}",
        "{days: 15, counting: working}",
        "working",
    ),
    "no extension that is one": ("{times: 2, share: 0.5}", "{times: 0, share: 0.5}", "times"),
    "a share of nothing": ("{times: 2, share: 0.5}", "{times: 2, share: 0}", "share"),
    "a bound nobody knows": ("told_after: 2", "told_befor: 2", "told_befor"),
    "a level without counting": ("{hours: 8, counting: working}}", "{hours: 8}}", "counting"),
    "a stage that is no state": ("stages: {reported:", "stages: {closed:", "closed"),
    "a need nobody knows": ("who: [handler]}", "who: [handler], needs: [money]}", "money"),
    "an area without a limit": (
        "{urgent: {minutes: 45, counting: clock}}",
        "{urgent: {}}",
        "counting",
    ),
    "no deadline": (
        """    deadline:
      urgent: {hours: 2, counting: clock}
      warning: {days: 2, counting: working}
      areas:
        S-01: {urgent: {minutes: 45, counting: clock}}
""",
        "",
        "deadline",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_classes_are_refused_with_place_and_word(name: str) -> None:
    good, bad, word = BAD[name]
    assert good in GOOD
    with pytest.raises(YiwangError) as caught:
        _parse(GOOD.replace(good, bad))
    for lang in ("en", "zh-CN"):
        message = caught.value.message(lang)
        assert "cases.yaml, line" in message and word in message
