"""What is wrong with a body, in both languages."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

import msgspec
import pytest

from yiwang.kernel.text import told
from yiwang.web.unreadable import problem


class Colour(Enum):
    RED = "red"


class Part(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    colour: Colour = Colour.RED
    day: date | None = None
    at: datetime | None = None


class Body(msgspec.Struct):
    parts: list[Part] = []


def _problem(content: bytes) -> Any:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(content, type=Body)
    return problem(caught.value)


@pytest.mark.parametrize(
    ("content", "chinese", "english"),
    [
        (b'{"parts": [{}]}', "缺少字段 name ($.parts[0])", "the field name is missing"),
        (
            b'{"parts": [{"name": "a", "b": 1}]}',
            "不认识的字段 b ($.parts[0])",
            "the field b is not known",
        ),
        (b'{"parts": 5}', "应为 array，收到的是 int ($.parts)", "expected array, got int"),
        (b'{"parts": [{"name": 5}]}', "应为 str，收到的是 int ($.parts[0].name)", "got int"),
        (
            b'{"parts": [{"name": "a", "colour": "blue"}]}',
            "'blue' 不在可选的值之中 ($.parts[0].colour)",
            "'blue' is none of the known",
        ),
        (b'{"parts": [{"name": "a", "day": "x"}]}', "不是日期", "no date"),
        (b'{"parts": [{"name": "a", "at": "x"}]}', "不是 RFC 3339 的时间", "no instant"),
        (b'{"parts": [', "JSON 没有写完", "ends too early"),
        (b"{'a'}", "不是 JSON（", "it is no JSON ("),
    ],
)
def test_it_is_told_in_the_readers_language(content: bytes, chinese: str, english: str) -> None:
    found = _problem(content)
    assert chinese in str(told(found, "zh-CN")) and english in str(told(found, "en"))
    assert "`" not in str(found)


def test_another_error_is_told_as_it_is() -> None:
    assert problem(ValueError("anything else")) == "anything else"
