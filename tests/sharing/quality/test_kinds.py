"""Every kind of rule on a table where it finds something and on values it lets through."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sharing.quality.tables import found, judged, rows, table
from yiwang.kernel.clock import DAY
from yiwang.kernel.text import LANGUAGES
from yiwang.sharing.quality import words
from yiwang.sharing.quality.kinds import KINDS
from yiwang.sharing.quality.model import Profile

DATED = ["2026-01-05", "2026-13-01", None, "x"]
ROWS: list[tuple[str, dict[str, list[Any]], int, list[int]]] = [
    ("required: [a]", {"a": ["x", " ", None, "y"]}, 4, [2, 3]),
    ("required: a, where: {b: [1, 2]}", {"a": ["", "x", ""], "b": [1, 2, 3]}, 2, [1]),
    ("required: a, except: {b: 1}", {"a": ["", "", "x"], "b": [1, None, 3]}, 2, [2]),
    ("type: {a: integer}", {"a": ["1", "1.5", "x", None, "-3"]}, 4, [2, 3]),
    ("type: {a: number}", {"a": ["1e3", "—", "0.5"]}, 3, [2]),
    ("type: {a: date}", {"a": DATED}, 3, [2, 4]),
    ("type: {a: instant}", {"a": ["2026-01-05 10:00:00", "10:00"]}, 2, [2]),
    ("type: {a: boolean}", {"a": ["true", "maybe"]}, 2, [2]),
    ("range: {a: {least: 0, most: 100}}", {"a": ["0", "100", "100.1", "-1", None]}, 4, [3, 4]),
    ("range: {a: {most: 5}}", {"a": [5, 6, -9]}, 3, [2]),
    ("range: {a: {least: 2026-01-01}}", {"a": ["2025-12-31", "2026-01-01"]}, 2, [1]),
    ("format: {a: {pattern: '[A-Z]\\d+'}}", {"a": ["A1", "A1x", "1A", None]}, 3, [2, 3]),
    (
        "format: {a: {identifier: resident_id}}",
        {"a": ["11010519491231002X", "110105194912310021", None, "1"]},
        3,
        [2, 4],
    ),
    ("holds: b >= a", {"a": [1, 2, None], "b": [1, 1, 1]}, 2, [2]),
    ("holds: b + 1 = a", {"a": ["11", "12"], "b": ["10", "10"]}, 2, [2]),
    ("holds: \"coalesce(a, '') <> '' or b > 9\"", {"a": ["", "x"], "b": ["9", "1"]}, 2, [1]),
    ("unique: [a]", {"a": ["x", "y", "x", None, None, "x"]}, 4, [3, 6]),
    ("unique: [a, b]", {"a": [1, 1, 1], "b": [1, 2, 1]}, 3, [3]),
    ("alike: {column: a}", {"a": ["北京 局", "北京局", "（北京）局", "南京局"]}, 4, [2, 3]),
    ("alike: {column: a, within: b}", {"a": ["A b", "ab"], "b": [1, 2]}, 2, []),
    ("sequence: {column: a}", {"a": [1, 2, 4, 5, None]}, 5, [3, 5]),
    ("sequence: {column: a, within: g}", {"a": [1, 1, 2, 3], "g": [1, 2, 2, 1]}, 4, [4]),
    ("order: {column: a, by: b}", {"a": [1, 2, 2, 4], "b": [9, 8, 8, 1]}, 4, []),
    ("order: {column: a, by: b}", {"a": [1, 2, 3, 4], "b": [9, 8, 8, 1]}, 4, [3]),
    ("order: {column: a, by: b, ties: any}", {"a": [1, 3, 2, 4], "b": [9, 8, 8, 1]}, 4, []),
    ("order: {column: a, by: b, ties: any}", {"a": [2, 1, 3], "b": [9, 8, 7]}, 3, [1, 2]),
    ("order: {column: a, by: b, ties: dense}", {"a": [1, 2, 2, 3], "b": [9, 8, 8, 1]}, 4, []),
    ("order: {column: a, by: b, rising: true}", {"a": [1, 2], "b": [5, 6]}, 2, []),
    ("depends: {column: a, by: b}", {"a": ["x", "y", "x", None], "b": [1, 1, 2, 1]}, 3, [2]),
    ("reference: {columns: a, values: [x, y]}", {"a": ["x", "z", None]}, 2, [2]),
    ("sum: {total: a, parts: [b, c]}", {"a": [3, 4, 5], "b": [1, 1, 1], "c": [2, 2, None]}, 2, [2]),
    (
        "sum: {total: a, parts: [b, c], missing: zero}",
        {"a": [3, 4, None], "b": [3, 1, 1], "c": [None, 2, 1]},
        2,
        [2],
    ),
    (
        "sum: {by: [], total: {column: a, where: {g: 总计}}, "
        "parts: {column: a, except: {g: 总计}}}",
        {"g": ["总计", "甲", "乙"], "a": [6.0, 2.5, 2.0]},
        1,
        [1],
    ),
    (
        "ratio: {is: r, of: a, to: b, times: 100}",
        {"r": [33.3, 33.4], "a": [1, 1], "b": [3, 3]},
        2,
        [2],
    ),
    ("ratio: {is: r, of: a, to: b}", {"r": [1.0], "a": [1], "b": [0]}, 0, []),
    ("match: {figure: a, with: [b]}", {"a": [1.0, 2.0], "b": [1.0, 3.0]}, 2, [2]),
    ("match: {figure: a, with: [b], compare: at_most}", {"a": [1, 3], "b": [2, 1]}, 2, [2]),
    ("match: {figure: a, with: [b], compare: at_least}", {"a": [1, 3], "b": [2, 1]}, 2, [1]),
]


@pytest.mark.parametrize(
    ("check", "columns", "checked", "bad"), ROWS, ids=lambda one: str(one)[:50]
)
def test_rows_that_break_a_rule_are_found(
    check: str, columns: dict[str, list[Any]], checked: int, bad: list[int]
) -> None:
    key = {} if "by" in check else {"key": ("_k",)}
    columns = {"_k": list(range(len(next(iter(columns.values()))))), **columns}
    counted, issues = found(table(about=key, **columns), check)
    assert (counted, rows(issues)) == (checked, bad)


def test_figures_are_compared_in_one_unit_and_as_exactly_as_they_were_printed() -> None:
    country = table(
        "t",
        {"key": ("item", "year"), "along": "year", "unit_column": "unit"},
        item=["收入", "收入", "出口"],
        unit=["亿元", "亿元", "亿美元"],
        year=[2015, 2016, 2016],
        value=["9.9", "10.0", "1.50"],
    )
    regions = table(
        "regions",
        {"key": ("region",), "units": {"收入": "万元", "出口": "万美元"}},
        region=["甲", "乙", "丙"],
        收入=["60000", "40000", None],
        出口=["7000.1", "7999.0", "110"],
    )
    check = (
        "sum: {by: item, total: {column: value, where: {year: 2016}}, parts: {table: regions, "
        "columns: [收入, 出口], item: item}%s}"
    )
    assert found(country | regions, check % "") == (2, [(3, "value")])
    assert found(country | regions, check % ", tolerance: {units: 1}")[1] == [(3, "value")]
    assert found(country | regions, check % ", tolerance: {relative: 1%}")[1] == []
    assert found(country | regions, check % ", tolerance: {absolute: 0.02}")[1] == []

    [verdict] = judged(country | regions, "rules: {r: {table: t, " + check % "" + "}}")
    [issue] = verdict.issues
    assert (issue.value, issue.expected) == ("1.5", "1.51091") and issue.sure
    assert issue.key == {"item": "出口"}


def test_a_difference_that_rounding_could_explain_is_said_to_be_unsure() -> None:
    columns = {"k": ["1", "2"], "a": ["1.0", "10.0"], "b": ["0.4", "4.0"], "c": ["0.5", "5.5"]}
    given = table(about={"key": ("k",)}, **columns)
    rule = "rules: {r: {table: t, sum: {total: a, parts: [b, c], tolerance: {absolute: 0}}}}"
    [verdict] = judged(given, rule)
    assert [issue.sure for issue in verdict.issues] == [False, True]
    assert "0.15" in words.reason(verdict.issues[0], "en")


def test_a_number_that_lost_its_zeros_is_as_exact_as_its_series() -> None:
    """30.0 of a column with one decimal is not 30 plus or minus a half."""
    given = table(
        about={"key": ("k",)}, k=[1, 2, 3], r=[30.0, 12.5, 14.5], a=[304, 125, 145], b=[1000] * 3
    )
    assert rows(found(given, "ratio: {is: r, of: a, to: b, times: 100}")[1]) == [1]


SERIES = {"key": ("who", "year"), "along": "year"}


def test_series() -> None:
    given = table(
        about={**SERIES, "title": "2011—2013 年全国情况"},
        who=["a"] * 3 + ["b"] * 3 + ["c"] * 3 + ["d"] * 3,
        year=[2012, 2013, 2014] * 4,
        v=[1.0, 1.01, 1.02, 5.0, 5.0, 5.0, None, None, 2.0, None, None, None],
    )
    assert found(given, "complete: {columns: v, least: 60%}") == (4, [(10, "v")])
    assert found(given, "constant: {columns: v, least: 3}") == (2, [(4, "v")])
    assert found(given, "period: {}") == (1, [(None, "year")])
    assert found(given, "jump: {of: v, most: 5%}") == (4, [])

    given = table(
        about=SERIES,
        who=["a", "a", "b", "b", "c", "c", "d", "d"],
        year=[2015, 2016] * 4,
        v=["1.03", "0.50", "1.29", "1.02", "0.09", "1.29", "2.0", "0.09"],
    )
    [verdict] = judged(given, "rules: {r: {table: t, jump: {of: v, most: 20%}}}")
    assert [(one.row, one.reason) for one in verdict.issues] == [
        (2, "jump"),
        (4, "slipped"),
        (6, "slipped"),
        (8, "slipped"),
    ]
    far = [100.0, 101.0, 100.0, 101.5, 100.0, 102.0, 100.0, 120.0]
    given = table(about=SERIES, who=list("aabbccdd"), year=[1, 2] * 4, v=far)
    assert found(given, "jump: {of: v * 2, unusual: 6}")[1] == [(8, "v")]


def test_whole_tables() -> None:
    names = [f"公司{number}" for number in range(20)]
    given = table("t", {"title": "百强"}, a=names) | table("o", {"title": "五百强"}, b=names)
    given |= table("p", a=["x", *names[:9]])
    assert found(given, "copy: {of: [t, o, p]}") == (2, [(None, "")])
    assert found(given, "copy: {of: p, most: 40%}") == (1, [(None, "")])

    known = {"updated_at": 0, "cycle": 30.0}
    assert found(table(about=known, a=[1]), "fresh: {}", 33 * DAY)[1] == []
    assert found(table(about=known, a=[1]), "fresh: {}", 34 * DAY) == (1, [(None, "")])
    assert found(table(about=known, a=[1]), "fresh: {days: 7, grace: 0}", 8 * DAY)[1] != []
    assert found(table(a=[1]), "fresh: {days: 7}", 8 * DAY) == (0, [])

    before = Profile(10, {"a": 0.0, "b": 0.0}, {"a": 1.0})
    given = table(about={"before": before}, a=[2.0] * 4, b=["x", "", "", "y"])
    check = "drift: {rows: 50%, missing: 10%, means: 50%}"
    assert [column for _, column in found(given, check)[1]] == ["", "b", "a"]
    assert found(table(a=[1]), check) == (0, [])


def test_names_one_letter_apart() -> None:
    names = [
        "海淀区东方科技有限公司",
        "海淀区东方科枝有限公司",
        "海淀区东方科技公司",
        "东方",
        "西方",
    ]
    assert found(table(a=names), "alike: {column: a, letters: true}") == (10, [(2, "a")])


def test_every_issue_has_words_in_both_languages() -> None:
    reasons = {
        *("missing", "type_integer", "range", "format", "identifier_mobile", "holds", "unique"),
        *("alike", "one_letter", "sequence", "order", "depends", "reference", "sum", "ratio"),
        *("match", "at_most", "at_least", "complete", "constant", "jump", "slipped", "period"),
        *("fresh", "copy", "drift_rows", "drift_missing", "drift_mean"),
    }
    [verdict] = judged(table(a=[None]), "rules: {r: {table: t, required: a}}")
    for reason in reasons:
        issue = type(verdict.issues[0])("r", "t", reason, value="1")
        for lang in LANGUAGES:
            assert not words.reason(issue, lang).startswith("sharing.")
    assert len(KINDS) == 21


CELLS = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "A "])), max_size=30)


@settings(max_examples=15, deadline=None)
@given(CELLS)
def test_counts_are_those_of_a_plain_loop(cells: list[str | None]) -> None:
    text = "rules: {there: {table: t, required: a}, once: {table: t, unique: a}}"
    there, once = judged(table(a=pa.array(cells, pa.string())), text)
    blank = [not (cell or "").strip() for cell in cells]
    assert there.checked == len(cells)
    assert [issue.row for issue in there.issues] == [at for at, no in enumerate(blank, 1) if no]
    filled = [(at, cell) for at, cell in enumerate(cells, 1) if not blank[at - 1]]
    again = [at for place, (at, cell) in enumerate(filled) if cell in dict(filled[:place]).values()]
    assert once.checked == len(filled)
    assert [issue.row for issue in once.issues] == again
