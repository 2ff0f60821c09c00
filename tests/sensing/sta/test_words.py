"""Errors are told whole in the reader's language: words within words too."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

from tests.sensing.sta.conftest import Service, location, thing
from tests.table import table
from yiwang.kernel import text
from yiwang.kernel.errors import retold
from yiwang.sensing.sta import temporal, vectors
from yiwang.sensing.sta.errors import BadSyntax, words

QUESTIONS = (
    "Things?$top=few",
    "Things?$filter=name eq",
    "Things?$filter=name eq 'a",
    "Things?$filter=name > 'a'",
    "Things?$filter=name gt 5",
    "Things?$filter=name lt null",
    "Things?$filter=length(name,name) gt 5",
    "Things?$filter=substring(name) eq 'a'",
    "Things?$filter=name add 1 gt 2",
    "Things?$filter=Datastreams gt 5",
    "Things?$filter=" + "(" * 70,
    "Things?$expand=Datastreams(name)",
    "Things?$expand=Datastreams&$expand=Locations",
    "Things?$apply=aggregate(name with max as most)",
    "Observations?$apply=filter(result gt 1)",
    "Observations?$apply=aggregate(result with mean as x)",
    "Observations?$apply=aggregate($count as n)&$select=n",
    "Observations?$apply=groupby((bucket(phenomenonTime,duration'P0D')))",
    "Things?$filter=name gt duration'P1Y'",
    "Locations?$filter=st_within(location,geography'POINT')",
    "Things?$skiptoken='x'",
    "Things/Datastreams",
    "Things('a')",
    "Datastreams?$resultFormat=dataArray",
)
BODIES: tuple[tuple[str, Any], ...] = (
    ("Things", [1]),
    ("Things", thing(properties=[1])),
    ("Things", thing(Locations=location())),
    ("Things", thing(Locations=[{**location(), "location": {"type": "Point", "coordinates": 1}}])),
    ("Observations", {"result": 1, "phenomenonTime": "today"}),
    ("Observations", {"result": 1, "FeatureOfInterest": 7}),
    ("CreateObservations", [{"components": ["result"], "dataArray": []}]),
    ("$batch", {"requests": [{"id": "1", "method": "GET", "url": "$batch"}]}),
)
WRITTEN_AS_IN_THE_STANDARD = re.compile(
    r"/?(groupby|aggregate|filter)\(…\)|as NAME|duration'[^']*'|POINT\([^)]*\)|GeoJSON|WGS 84"
    r"|\b(eq|ne|gt|ge|lt|le|add|sub|mul|div|mod|and|or)\b"
)
TWO_WORDS = re.compile(r"[A-Za-z]{2,} +[A-Za-z]{2,}")


def _sounds_chinese(answer: Any) -> bool:
    """Beside what was asked, which is told between quotes, and the terms of the standard."""
    told = f"{answer['where']}。{answer['title']}。{answer['detail']}"
    told = re.sub(r'"[^"]*"|“[^”]*”', "。", told)
    return TWO_WORDS.search(WRITTEN_AS_IN_THE_STANDARD.sub("。", told)) is None


def test_wrong_questions_are_answered_in_chinese(service: Service) -> None:
    chinese = {"accept-language": "zh-CN"}
    service.add("Things", thing(Locations=[location()]))
    answers = [service.client.get(f"/v1.1/{path}", headers=chinese) for path in QUESTIONS]
    answers += [
        service.client.post(f"/v1.1/{path}", json=body, headers=chinese) for path, body in BODIES
    ]
    assert [one.text for one in answers if one.status_code not in (400, 404)] == []
    assert [one.text for one in answers if not _sounds_chinese(one.json())] == []


KINDS = {*temporal.READERS, *vectors.DTYPES, *vectors.UNTYPED, "geography", "null", "text"}


@table("kind", sorted(KINDS))
def test_every_kind_of_value_has_a_name(kind: str) -> None:
    assert str(words(kind)) == kind
    assert text.find(f"sensing.sta_words.{kind}", "zh-CN") != kind


def test_words_of_an_error_reach_the_reader_in_the_readers_language() -> None:
    place = words("position", option="$top", at=3)
    error = BadSyntax(place, found=words("the_end"), expected=words("most_steps", most=20))
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert one.where == "$top, position 3"
        assert one.what() == "Found the end, but here should stand: at most 20 steps"
        assert one.message("zh-CN").startswith(
            "$top 第 3 个字符\n  此处是 结尾，而应为：至多 20 级"
        )


def test_an_error_that_a_row_keeps_is_told_in_any_language_later() -> None:
    said = words("end_of_topic", ending=words("options"))
    kept = json.loads(json.dumps(BadSyntax("a", found=5, expected=said).kept()))
    assert retold(kept, "en")["what"] == f"Found 5, but here should stand: {said}"
    assert retold(kept, "zh-CN")["what"] == "此处是 5，而应为：主题末尾的 选项"
    assert retold(kept, "zh-CN")["fields"] == {"found": 5, "expected": "主题末尾的 选项"}


def test_words_may_hold_words() -> None:
    told = words("end_of_topic", ending=words("options"))
    assert str(told) == "options at the end of a topic"
    assert told.told("zh-CN") == "主题末尾的 选项"
    assert told == words("end_of_topic", ending=words("options")) and hash(told)
