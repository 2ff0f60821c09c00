"""The pure parts: forms and their answers, places that are rounded, documents, arguments."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.model import forms, merging
from yiwang.cases.model.forms import Attribute, Choice, Opening
from yiwang.cases.open311 import model
from yiwang.cases.open311.documents import Document
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import DAY
from yiwang.kernel.errors import YiwangError

LIST = (Choice("a", {}), Choice("b", {}))
FORM = (
    Attribute("s", "string", required=True),
    Attribute("n", "number"),
    Attribute("d", "datetime"),
    Attribute("t", "text"),
    Attribute("one", "singlevaluelist", values=LIST),
    Attribute("many", "multivaluelist", values=LIST),
    Attribute("told", variable=False),
)


@pytest.mark.parametrize(
    ("code", "value", "taken"),
    [
        ("s", " x ", "x"),
        ("n", "12", 12),
        ("n", "1.5", 1.5),
        ("n", -3, -3),
        ("d", "2026-07-01T08:00:00+08:00", "2026-07-01T00:00:00Z"),
        ("t", "two\nlines", "two\nlines"),
        ("one", "a", "a"),
        ("one", ["b"], "b"),
        ("many", "a", ["a"]),
        ("many", ["b", "a", "b"], ["b", "a"]),
    ],
)
def test_answers_get_their_types(code: str, value: object, taken: object) -> None:
    assert forms.answers(FORM, {"s": "x"} | {code: value}) == ({"s": "x"} | {code: taken}, [])


@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        ("s", "", "missing"),
        ("s", "two\nlines", "string"),
        ("s", "x" * 256, "string"),
        ("s", 1, "string"),
        ("n", "many", "number"),
        ("n", "inf", "number"),
        ("n", True, "number"),
        ("d", "2026-07-01", "datetime"),
        ("d", "2026-07-01T08:00:00", "datetime"),
        ("t", "x" * 4001, "text"),
        ("one", "c", "singlevaluelist"),
        ("one", ["a", "b"], "singlevaluelist"),
        ("many", ["a", "c"], "multivaluelist"),
        ("told", "x", "unknown"),
        ("other", "x", "unknown"),
    ],
)
def test_what_is_no_answer_is_said(code: str, value: object, why: str) -> None:
    _, wrong = forms.answers(FORM, {"s": "x"} | {code: value})
    assert [(one.code, one.why) for one in wrong] == [(code, why)]


@given(st.dictionaries(st.sampled_from([one.code for one in FORM]), st.text() | st.integers()))
def test_answers_once_taken_are_taken_again(given_: dict[str, Any]) -> None:
    taken, _ = forms.answers(FORM, given_)
    again, wrong = forms.answers(FORM, taken)
    assert again == taken and all(one.why == "missing" for one in wrong)
    json.dumps(taken, allow_nan=False)


_LON, _LAT = st.floats(-179.9, 179.9), st.floats(-85, 85)


@given(_LON, _LAT, st.floats(10, 5000))
def test_a_rounded_place_is_near_and_tells_only_its_cell(
    lon: float, lat: float, metres: float
) -> None:
    shown = forms.rounded(lon, lat, metres)
    assert merging.distance_m(lon, lat, *shown) <= metres * 0.75 + 1
    assert forms.rounded(*shown, metres) == pytest.approx(shown, abs=2e-6)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", None),
        ("public: false", None),
        ("public: true", Opening()),
        ("public: {round: 0.1 km, text: true}", Opening(100.0, True, False)),
    ],
)
def test_a_class_is_closed_unless_it_is_opened(written: str, found: Opening | None) -> None:
    assert _class(written).public == found


def test_a_form_is_read_in_its_order() -> None:
    lines = (
        "form: [{code: b, required: true}, {code: a, datatype: singlevaluelist, values: {1: x}}]"
    )
    form = _class(lines).form
    assert [one.code for one in form] == ["b", "a"]
    assert form[1].values == (Choice("1", {"zh-CN": "x", "en": "x"}),)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("form: [{code: a}, {code: a}]", "a new code"),
        ("form: [{code: 'a b'}]", "letters"),
        ("form: [{code: a, datatype: colour}]", "multivaluelist"),
        ("form: [{code: a, datatype: singlevaluelist}]", "values"),
        ("form: [{code: a, values: {x: y}}]", "singlevaluelist"),
        ("form: [{code: a, requried: true}]", "required"),
        ("public: {round: 6 km}", "5 km"),
        ("public: {texts: true}", "text"),
        ("reports: sometimes", "realtime"),
    ],
)
def test_a_form_that_could_not_work_is_refused(written: str, words: str) -> None:
    with pytest.raises(YiwangError) as caught:
        _class(written)
    assert words in caught.value.what("en") + caught.value.todo("en")
    assert "cases.yaml, line" in caught.value.where


def _class(more: str) -> Any:
    text = "classes:\n  one:\n    title: {en: One}\n    deadline: {hours: 1, counting: clock}\n"
    return parse(documents.parse(f"{text}    {more}\n", "cases.yaml"), "", {}).classes[0]


@given(st.text(), st.dictionaries(st.sampled_from("abc"), st.text() | st.none() | st.booleans()))
def test_xml_says_what_json_says(name: str, row: dict[str, Any]) -> None:
    document = Document("rows", "row", [row | {"name": name}, {"name": "last"}])
    root = ElementTree.fromstring(document.render("xml"))
    assert [one.tag for one in root] == ["row", "row"]
    assert set(one.tag for one in root[0]) == {*row, "name"}
    assert [one["name"] for one in json.loads(document.render("json"))] == [name, "last"]


_ARGUMENTS = ("lat", "long", "attribute[a]", "attribute[a][]", "attribute[", "email", "x", "")


@given(st.lists(st.tuples(st.sampled_from(_ARGUMENTS), st.text())))
def test_any_form_is_a_submission_or_refused(pairs: list[tuple[str, str]]) -> None:
    try:
        found = model.submission([("service_code", "x"), *pairs])
    except YiwangError as error:
        assert error.code in ("cases.bad_argument", "cases.argument_missing")
    else:
        assert (found.lon is None) == (found.lat is None)


_NAMES = ("start_date", "end_date", "status", "page", "page_size", "bbox", "updated_after")
_TEXTS = st.text() | st.sampled_from(["2026-01-01T00:00:00Z", "1", "0", "open,closed", "1,2,3,4"])


@given(st.dictionaries(st.sampled_from(_NAMES), _TEXTS))
def test_any_query_is_bounded_or_refused(asked: dict[str, str]) -> None:
    try:
        found = model.wanted(asked, 200 * DAY)
    except YiwangError as error:
        assert error.code == "cases.bad_argument"
    else:
        assert 1 <= found.limit <= model.MOST_ROWS and found.skip >= 0
        if found.start is not None and found.end is not None:
            assert 0 <= found.end - found.start <= model.MOST_SPAN
