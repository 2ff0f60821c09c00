"""``yiwang explain case N``, and docs/cases.md beside the machine that it describes."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.cli import print_explanation
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.spec import default_machine
from yiwang.cases.views import show_classes, show_steps
from yiwang.contracts.ports import FindingExplainer
from yiwang.kernel.text import LANGUAGES, find

DOCS = Path(__file__).parents[2] / "docs" / "cases.md"


class _Rules:
    def explain(self, finding: int) -> dict[str, Any]:
        if finding == 2:
            raise NoSuchCase(no=finding)
        if finding == 3:
            return {"rule": "close", "parameters": {"depth_close": 25}, "observations": [31.0]}
        seen = {"time": "2026-07-01T00:00:00Z", "property": "depth", "value": 31.0, "unit": "cm"}
        story = {"en": ["Held for 2 minutes."], "zh-CN": ["持续 2 分钟。"]}
        return {"story": story, "observations": [seen] * 25}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            [
                "Case 1",
                "Flooded underpass",
                "Dispatch",
                "is on duty",
                "depth_close: 25",
                "depth = 31.0 cm",
                "5 observations more",
            ],
        ),
        ("zh-CN", ["案卷 1", "下穿通道积水", "派遣", "正在值班", "自然时间", "持续 2 分钟。"]),
    ],
)
def test_the_explanation_as_text(
    city: City, open_case: Callable[..., int], lang: str, words: list[str]
) -> None:
    city.ports[FindingExplainer] = _Rules()
    open_case(1)
    open_case(2)
    open_case(3)
    out = StringIO()
    print_explanation(city.centre, 1, lang, Console(file=out, width=200))
    for word in words:
        assert word in out.getvalue()


def test_an_unknown_case(city: City) -> None:
    with pytest.raises(NoSuchCase):
        service.explain(city.centre, 5)


def test_every_default_state_and_step_has_its_words() -> None:
    machine = default_machine()
    for lang in LANGUAGES:
        for name in machine.states:
            assert find(f"cases.state.{name}", lang)
        for name in machine.steps:
            assert find(f"cases.step.{name}", lang)


def test_the_page_tells_the_machine_as_it_is() -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", text, re.MULTILINE)
    told = {name: word for name, word in rows if find(f"cases.step.{name}", "en")}
    assert set(told) == set(default_machine().steps)
    for name, word in told.items():
        assert find(f"cases.step.{name}", "zh-CN") == word


def test_lists_for_forms(city: City, open_case: Callable[..., int]) -> None:
    no = open_case()
    assert {one["code"] for one in show_classes(city.citizen, "en")} == {
        "demo.flooded",
        "demo.full_car_park",
    }
    steps = msgspec.json.decode(show_steps(city.handler, no, "en"))
    assert any(one["allowed"] for one in steps)
