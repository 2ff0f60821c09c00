"""Printed tables: two lines of headings, years as columns, pages, stars, rows "of which"."""

from __future__ import annotations

from pathlib import Path

from yiwang.sharing.quality import printed

YEARLY = """指 标\t单 位\t2015 年\t2016 年
收 入*\t亿元\t11.0\t—
其中：城 镇\t亿元\t5\t6
农村\t亿元\t6\t7
指 标\t单 位\t2015 年\t2016 年
支出\t亿元\t1\t2
其中：城镇\t亿元\t1\t1
农村\t亿元\t0\t1"""
TWO_LINES = """地 区\t2015 年\t\t2016 年\t\t其他 (个)
\t网民数 (万人)\t普及率 (%)\t网民数 (万人)\t普及率 (%)\t
内 蒙 古\t1\t2.5\t3\t—\t9"""
PARTS = """序号\t名称\t编号
1\t甲\t001
2\t乙\t002
序号\t名称\t编号
3\t丙\t003
序号\t名称\t编号
1\t丁\t001
序号\t单位\t编号
1\t戊\t001"""


def _read(tmp_path: Path, text: str) -> tuple[object, list[dict[str, str | None]], object]:
    file = tmp_path / "t.tsv"
    file.write_text(text, encoding="utf-8")
    about, data = printed.read(file, "t", "标题")
    return about, data.to_pylist(), printed.typed(data).schema


def test_years_become_rows(tmp_path: Path) -> None:
    about, rows, schema = _read(tmp_path, YEARLY)
    assert (about.key, about.along, about.unit_column) == (("指标", "年份"), "年份", "单位")
    assert rows[:2] == [
        {"指标": "收入", "单位": "亿元", "年份": "2015", "数值": "11.0"},
        {"指标": "收入", "单位": "亿元", "年份": "2016", "数值": None},
    ]
    names = [row["指标"] for row in rows[::2]]
    assert names == ["收入", "收入·城镇", "收入·农村", "支出", "支出·城镇", "支出·农村"]
    assert [str(one) for one in schema.types] == ["string", "string", "int64", "double"]


def test_headings_of_two_lines(tmp_path: Path) -> None:
    about, rows, _ = _read(tmp_path, TWO_LINES)
    assert about.units == {"网民数": "万人", "普及率": "%", "其他": "个"}
    assert rows == [
        {"地区": "内蒙古", "其他": "9", "年份": "2015", "网民数": "1", "普及率": "2.5"},
        {"地区": "内蒙古", "其他": "9", "年份": "2016", "网民数": "3", "普及率": None},
    ]


def test_a_page_goes_on_and_a_part_begins_anew(tmp_path: Path) -> None:
    about, rows, schema = _read(tmp_path, PARTS)
    assert about.key == ("部分", "序号")
    assert [row["部分"] for row in rows] == ["1", "1", "1", "2", "3"]
    assert rows[4]["单位"] == "戊" and rows[4]["名称"] is None
    assert str(schema.field("编号").type) == "string"
