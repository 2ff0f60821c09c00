"""What functions are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.kernel.documents import DocumentError
from yiwang.registry import functions
from yiwang.registry.functions import Functions

OWN = """
gardens: {zh-CN: 园林养护, en: Parks}
drainage: {zh-CN: 雨污排水}
"""


def test_a_city_names_its_own_functions_and_the_usual_ones_have_names(tmp_path: Path) -> None:
    assert functions.load(tmp_path) == Functions()
    (tmp_path / "city").mkdir()
    file = tmp_path / "city" / "functions.yaml"
    file.write_text(OWN, encoding="utf-8")
    found = functions.load(tmp_path)
    table = {
        ("gardens", "en"): "Parks",
        ("drainage", "zh-CN"): "雨污排水",
        ("drainage", "en"): "drainage",
        ("fire_rescue", "zh-CN"): "消防救援",
        ("nobody_named_it", "en"): "nobody_named_it",
    }
    assert {key: found.title(*key) for key in table} == table
    assert Functions().title("drainage", "zh-CN") == "排水"
    file.write_text("gardens: {fr: Jardins}\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="fr"):
        functions.load(tmp_path)
