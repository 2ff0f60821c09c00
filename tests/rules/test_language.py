"""The rule language: what it means, and what it says to those who err."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from yiwang.kernel.errors import YiwangError
from yiwang.rules import errors, language
from yiwang.rules.frames import Instants, Settings
from yiwang.rules.parameters import Timeline
from yiwang.rules.terms import Names

NAMES = Names(
    {"depth_cm": "cm", "x": "1"},
    {"half": "depth_cm / 2", "a": "b + 1", "b": "a + 1"},
    {"close": "m", "minutes": "min", "points": "table", "share": ""},
    {"capacity": "number", "zone": "text"},
)
NULL = float("nan")


def frame(depth: float, x: float = 1.0) -> Instants:
    settings = Settings(
        {
            "close": Timeline((0,), (0.25,)),
            "minutes": Timeline((0,), (5.0,)),
            "share": Timeline((0,), (0.5,)),
            "points": Timeline((0,), (((0.0, 0.0), (10.0, 100.0)),)),
        },
        {"zone": (np.array(["east"]), np.array([True]))},
        ["depth_cm", "x"],
    )
    values = np.array([[depth], [x]])
    times = np.array([[1_000_000], [0]])
    return Instants(
        settings,
        np.array([0]),
        np.array([1_000_000]),
        values,
        times,
        times,
        lambda slot: None,  # type: ignore[arg-type,return-value]
    )


def value(text: str, depth: float = 30.0, x: float = 1.0) -> Any:
    found = language.compile_any(text, NAMES).evaluate(frame(depth, x))
    data, valid = np.ravel(found.data)[0], np.ravel(found.valid)[0]
    return data.item() if valid else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth_cm >= :close", True),
        ("depth_cm < :close", False),
        ("age_s(x) >= 1", True),
        ("age_s(x) < :minutes", True),
        ("half + 1", 16.0),
        ("interpolate(x, :points)", 10.0),
        ("interpolate(depth_cm, :points)", 100.0),
        ("round(2.5)", 3.0),
        ("round(-2.55, 1)", -2.6),
        ("greatest(1, NULL, 3)", 3.0),
        ("least(NULL, 2)", 2.0),
        ("coalesce(NULL, x)", 1.0),
        ("x / 0", None),
        ("nullif(x, 1)", None),
        ("sqrt(-1)", None),
        ("NULL AND FALSE", False),
        ("NULL AND TRUE", None),
        ("NULL OR TRUE", True),
        ("NOT NULL", None),
        ("x IN (2, NULL)", None),
        ("x IN (1, NULL)", True),
        ("x NOT IN (2, 3)", True),
        ("x BETWEEN 0 AND 1", True),
        ("x BETWEEN NULL AND 0", False),
        ("NULL IS NULL", True),
        ("(x > NULL) IS NULL", True),
        ("(x > NULL) IS FALSE", False),
        ("CASE WHEN x > 2 THEN 1 END", None),
        ("CASE WHEN NULL THEN 1 ELSE 2 END", 2.0),
        ("CASE x WHEN 1 THEN 7 END", 7.0),
        ("site.zone = 'east'", True),
        ("site.zone IN ('west', 'north')", False),
        ("site.capacity * :share > 1", None),
        ("-x % 3", -1.0),
    ],
)
def test_expressions_mean_what_sql_means(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_a_missing_value_is_null() -> None:
    assert value("depth_cm >= 1", NULL) is None
    assert value("depth_cm IS NULL", NULL) is True


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("depth_cmm > 1", errors.UnknownName, "Perhaps you meant depth_cm"),
        ("depth_cm > :closed", errors.UnknownName, "Perhaps you meant close"),
        ("site.capazity > 1", errors.UnknownName, "Perhaps you meant capacity"),
        ("place.capacity > 1", errors.UnknownName, "Perhaps you meant site"),
        ("averge_over(x, '5 min') > 1", errors.UnknownFunction, "Perhaps you meant"),
        ("abs(x, 2) > 1", errors.WrongArity, "abs is given 2 arguments, but takes 1"),
        ("avg_over(x) > 1", errors.WrongArity, "avg_over(x, '10 min')"),
        ("avg_over(half, '5 min') > 1", errors.WrongArgument, "the name of an observed property"),
        ("avg_over(x, 5) > 1", errors.WrongArgument, "a duration in quotes"),
        ("avg_over(x, '5 cm') > 1", errors.BadDuration, "not a duration"),
        ("depth_cm > :minutes", errors.UnitsDiffer, "in min"),
        ("x", errors.WrongArgument, "a condition is needed here"),
        ("x > 'high'", errors.WrongArgument, "is needed here"),
        ("x AND x > 1", errors.WrongArgument, "a condition is needed"),
        (":points > 1", errors.WrongArgument, "a table"),
        ("interpolate(x, :close) > 1", errors.WrongArgument, "a parameter of type table"),
        ("a > 1", errors.CircularName, "a → b → a"),
        ("x IN (SELECT 1)", errors.NotInLanguage, "SELECT"),
        ("EXISTS (SELECT 1)", errors.NotInLanguage, "SELECT"),
        ("sum(x) OVER () > 1", errors.NotInLanguage, "OVER"),
        ("x::int > 1", errors.NotInLanguage, "CAST"),
        ("x LIKE 'a'", errors.NotInLanguage, "LIKE"),
        ("x > 1; DROP TABLE findings", errors.BadExpression, "one expression"),
        ("DROP TABLE findings", errors.RuleError, ""),
        ("x >", errors.BadExpression, "cannot be read"),
        ("'open", errors.BadExpression, "cannot be read"),
        ("(" * 3000 + "x" + ")" * 3000, errors.BadExpression, "cannot be read"),
        ("x + " * 3000 + "x > 1", errors.BadExpression, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(text: str, error: type[YiwangError], words: str) -> None:
    with pytest.raises(error) as caught:
        language.compile_condition(text, NAMES, "rules/a.yaml, line 3")
    assert str(caught.value).startswith("rules/a.yaml, line 3")
    assert words in str(caught.value)
    assert "{" not in caught.value.message("zh-CN")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("avg_over(x, 'often') > 1", "avg_over 的时间窗 是“often”"),
        ("avg_over(x, '0 min') > 1", "avg_over 的时间窗 是“0 min”"),
        ("interpolate(x, :close) > 1", ":close 是 其他内容，而此处需要 类型为 table 的参数"),
        ("nobody > 1", "没有名为 nobody 的观测属性或 let 名称。"),
        ("site.nobody > 1", "没有名为 nobody 的地点属性。"),
        ("round(x, y) > 1", "y 是 其他内容，而此处需要 整数"),
    ],
)
def test_what_is_wrong_is_said_in_chinese(text: str, words: str) -> None:
    with pytest.raises(errors.RuleError) as caught:
        language.compile_condition(text, NAMES, "rules/a.yaml, line 3")
    assert words in caught.value.what("zh-CN")
