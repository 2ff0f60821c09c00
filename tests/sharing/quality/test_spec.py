"""Rule documents that are wrong, and rules that cannot be run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sharing.quality.tables import judged, table
from yiwang.kernel import documents
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import LANGUAGES, find
from yiwang.sharing.quality import expressions, forms, model, spec
from yiwang.sharing.quality.errors import BadExpression
from yiwang.sharing.quality.kinds import KINDS
from yiwang.sharing.quality.kinds.form import Field, Form

BAD = [
    ("rules: {r: {table: t, requird: [a]}}", "required"),
    ("rules: {r: {table: t, required: [a], unique: [a]}}", "must say one thing"),
    ("rules: {r: {table: t}}", "must say one thing"),
    ("rules: {r: {required: [a]}}", "table"),
    ("rules: {r: {table: t, required: [a], severty: notice}}", "severity"),
    ("rules: {r: {table: t, required: 5}}", "a name or a list of names"),
    ("rules: {r: {table: t, range: {a: {lest: 1}}}}", "least"),
    ("rules: {r: {table: t, range: {a: {}}}}", "least, most or both"),
    ("rules: {r: {table: t, type: {a: whole}}}", "integer"),
    ("rules: {r: {table: t, format: {a: {pattern: '(' }}}}", "pattern"),
    ("rules: {r: {table: t, format: {a: {identifier: passport_no}}}}", "resident_id"),
    ("rules: {r: {table: t, holds: 'a = (SELECT 1)'}}", "not part of the language"),
    ("rules: {r: {table: t, holds: 'a ='}}", "cannot be used"),
    ("rules: {r: {table: t, jump: {of: a}}}", "most, unusual or both"),
    ("rules: {r: {table: t, jump: {of: a, most: high}}}", "a share"),
    ("rules: {r: {table: t, sum: {total: a, parts: []}}}", "a list of columns"),
    ("rules: {r: {table: t, sum: {total: a, parts: [b], tolerance: {}}}}", "units, relative"),
    ("rules: {r: {table: t, sum: {total: {colum: a}, parts: [b]}}}", "column"),
    ("rules: {r: {table: t, constant: {columns: a, least: 1}}}", "2 or more"),
    ("rules: {r: {table: t, required: a, where: {b: []}}}", "a value or a list of values"),
    ("rulse: {}", "rules"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_bad_rule_is_refused_with_its_place_and_what_is_wanted(text: str, says: str) -> None:
    with pytest.raises(YiwangError) as caught:
        spec.read(documents.parse(text, "rules.yaml"))
    assert says in caught.value.message("en")
    assert "rules.yaml, line 1" in caught.value.where


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("required: nmae", "name"),
        ("reference: {columns: name, table: gone}", "gone"),
        ("period: {}", "no column of time"),
        ("match: {figure: name, with: [age]}", "different units"),
        ("jump: {of: 'name / \"agee\"', along: age, most: 1}", "age"),
    ],
)
def test_a_rule_that_cannot_be_run_says_why_and_leaves_the_others(check: str, says: str) -> None:
    given = table(about={"units": {"name": "万户", "age": "万人"}}, name=["x"], age=["1"])
    text = "rules: {r: {table: t, " + check + "}, other: {table: t, required: name}}"
    broken, other = judged(given, text)
    assert says in broken.broken["en"] and broken.broken["zh-CN"]
    assert not broken.passed and other.passed
    assert model.score([broken, other]).total == 50


@pytest.mark.parametrize(
    "text",
    [
        "read_csv('/etc/passwd') = a",
        "t.a > 1",
        "a > 1; DROP TABLE t",
        "a IN (SELECT 1)",
        "getenv('HOME') = a",
        "a::INTEGER > 1 UNION SELECT 1",
        "x" * 3000,
    ],
)
def test_expressions_reach_nothing_but_columns(text: str) -> None:
    with pytest.raises(BadExpression):
        expressions.parse(text, "here")


def test_units_labels_and_years() -> None:
    assert model.unit_of("亿美元") == (1e8, "美元") and model.unit_of("块/32") == (1, "块/32")
    assert model.unit_of("万 户") == (1e4, "户") and model.unit_of("百分点") == (1, "百分点")
    assert model.label_of("电信业务总量（亿元）") == ("电信业务总量", "亿元")
    assert model.label_of("备注") == ("备注", "")
    assert model.years_of("2012—2016 年全国情况") == (2012, 2016)
    assert model.years_of("2016 年分地区情况") == (2016, 2016)
    assert model.years_of("编号 10120170001") is None
    assert model.shown(0.1 + 0.2) == "0.3" and model.shown(1e-7) == "1e-07"


def _filled(field: Field) -> Any:
    figure = {"table": "t", "columns": {"a": "x"}, "item": "i", "where": {"b": ["1"]}}
    values: dict[str, Any] = {
        **{"column": "a", "columns": ["a", "b"], "expression": "a > 1", "pattern": "x+"},
        **{"values": ["x"], "end": 1, "flag": True, "number": 2, "whole": 2, "share": "5%"},
        **{"table": "t", "tables": ["t"], "conditions": {"a": ["1"]}, "figure": figure},
        **{"figures": [figure], "tolerance": {"units": 1, "relative": "5%", "absolute": 0}},
    }
    return field.options[-1] if field.kind == "choice" else values[field.kind]


def _documents(kind: str, form: Form) -> Iterator[dict[str, Any]]:
    """Rules of a kind with everything that its form offers, one for each alternative."""
    for way in form.alternatives or ((),):
        others = {name for group in form.alternatives for name in group if name not in way}
        named = {one.name: _filled(one) for one in form.fields if one.name not in others}
        values = {
            "columns": ["a"],
            "expression": "a > 1",
            "one_each": {"a": next(iter(named.values()), None)},
            "each": {"a": named},
            "fields": named,
        }
        rule = {"table": "t", "title": {"zh-CN": "规则"}, kind: values[form.shape]}
        yield {"rules": {"r": rule}}


@pytest.mark.parametrize("name", KINDS)
def test_a_form_offers_all_that_its_kind_reads_and_has_words_for_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, asked = KINDS[name].form, set()
    finish = documents.Section.finish

    def heard(section: documents.Section) -> None:
        path, depth = section._path, 3 if form.shape == "each" else 2
        if path.startswith(f"rules.r.{name}.") and path.count(".") == depth + 1:
            asked.update(section._asked)
        finish(section)

    monkeypatch.setattr(documents.Section, "finish", heard)
    for document in _documents(name, form):
        [rule] = spec.read(documents.parse(json.dumps(document), "form"))
        assert rule.kind == name
    assert asked == {one.name for one in form.fields if form.shape != "one_each"}
    for lang in LANGUAGES:
        assert forms.said("kind", name, lang) and forms.said("kind_hint", name, lang)
        for one in form.fields:
            assert forms.called("field", name, one.name, lang)
            assert all(find(f"{one.words}.{each}", lang) for each in one.options)
