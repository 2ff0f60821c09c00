"""What a value of each type may look like, and which type texts have."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.sharing.sources.model import BadValue, Column, inferred, parsed

WHOLE = Column("n", "N", None, 0)
MONEY = Column("y", "Y", 8, 2)
TEXT = Column("c", "C", 3)
NEEDED = Column("d", "D", required=True)
GOOD: list[tuple[Column, Any, Any]] = [
    (WHOLE, "1,234", 1234),
    (WHOLE, " １２ ", 12),
    (WHOLE, 7.0, 7),
    (WHOLE, True, 1),
    (MONEY, "12.5", Decimal("12.50")),
    (MONEY, "-0", Decimal("0.00")),
    (Column("f", "N"), "1e3", 1000.0),
    (Column("d", "D"), "2026年7月1日", date(2026, 7, 1)),
    (Column("d", "D"), "20260701", date(2026, 7, 1)),
    (Column("d", "D"), "2026/7/1 00:00:00", date(2026, 7, 1)),
    (Column("d", "D"), "", None),
    (Column("t", "T"), "2026-07-01 08:30:00.25", datetime(2026, 7, 1, 8, 30, 0, 250_000)),
    (Column("t", "T"), "2026.7.1", datetime(2026, 7, 1)),
    (Column("l", "L"), "是", True),
    (Column("l", "L"), 0, False),
    (TEXT, "河道水", "河道水"),
    (TEXT, 12, "12"),
    (TEXT, "", ""),
]
BAD: list[tuple[Column, Any, str]] = [
    (WHOLE, "12.5", "out_of_range"),
    (WHOLE, "1,23", "not_a_number"),
    (WHOLE, "NaN", "not_a_number"),
    (WHOLE, "1e999", "out_of_range"),
    (Column("n", "N", 3, 0), "1000", "out_of_range"),
    (MONEY, "1234567", "out_of_range"),
    (MONEY, "0.005", "out_of_range"),
    (Column("f", "N"), float("inf"), "not_a_number"),
    (Column("d", "D"), "2026-02-30", "not_a_date"),
    (Column("d", "D"), "2026-07-01 08:30", "not_a_date"),
    (Column("d", "D"), "0000-00-00", "not_a_date"),
    (Column("t", "T"), "2026-07-01 25:00", "not_a_time"),
    (Column("l", "L"), "2", "not_a_logical"),
    (Column("g", "G"), "x", "not_binary"),
    (TEXT, "四个汉字", "too_long"),
    (TEXT, "\0", "bad_text"),
    (NEEDED, " ", "missing"),
]


def test_a_value_becomes_what_its_column_is_or_says_why_not() -> None:
    for column, value, wanted in GOOD:
        found = parsed(value, column)
        assert (found, type(found)) == (wanted, type(wanted)), (column, value)
    for column, value, reason in BAD:
        with pytest.raises(BadValue) as raised:
            parsed(value, column)
        assert str(raised.value) == reason, (column, value)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9999, max_value=9999)
)
def test_an_exact_number_comes_back_as_it_was(value: Decimal) -> None:
    assert parsed(format(value, "f"), MONEY) == value
    assert parsed(str(value), MONEY) == value


INFERRED: list[tuple[list[str | None], str, int | None]] = [
    (["1", "20", None], "N", 0),
    (["1.5", "2"], "N", None),
    (["007", "012"], "C", None),
    (["310101199001011234", "31010119900101123X"], "C", None),
    (["2026-07-01", "2026/7/2"], "D", None),
    (["2026-07-01 08:00:00"], "T", None),
    (["是", "否"], "L", None),
    (["1", "0"], "N", 0),
    (["x" * 300], "M", None),
    ([None, ""], "C", None),
]


def test_the_type_of_texts_is_the_narrowest_that_all_have() -> None:
    for values, code, scale in INFERRED:
        found = inferred("a", values)
        assert (found.type, found.scale) == (code, scale), values
