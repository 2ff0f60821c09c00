"""The parsers of queries and paths: what they read, what they refuse, that they never fail."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.kernel.clock import parse as instant
from yiwang.kernel.errors import YiwangError
from yiwang.sensing.sta import ast, expression, path, query
from yiwang.sensing.sta.ast import (
    Arithmetic,
    Call,
    Compare,
    Literal,
    Logic,
    Node,
    Not,
    OneOf,
    Path,
)
from yiwang.sensing.sta.query import Expand, Order, Query


def number(value: float) -> Literal:
    return Literal("number", value)


RESULT = Path(("result",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("result gt 5", Compare("gt", RESULT, number(5))),
        (
            "result add 2 mul 3 eq -1.5e2",
            Compare(
                "eq",
                Arithmetic("add", RESULT, Arithmetic("mul", number(2), number(3))),
                number(-150),
            ),
        ),
        (
            "result sub 2 sub 3 eq 0",
            Compare(
                "eq", Arithmetic("sub", Arithmetic("sub", RESULT, number(2)), number(3)), number(0)
            ),
        ),
        (
            "a or b and not c",
            Logic("or", (Path(("a",)), Logic("and", (Path(("b",)), Not(Path(("c",))))))),
        ),
        ("not a eq 1", Not(Compare("eq", Path(("a",)), number(1)))),
        ("-result lt 0", Compare("lt", Arithmetic("sub", number(0), RESULT), number(0))),
        (
            "name eq 'O''Hara'",
            Compare("eq", Path(("name",)), Literal("text", "O'Hara")),
        ),
        ("Datastream/id in (1,2)", OneOf(Path(("Datastream", "id")), (number(1), number(2)))),
        (
            "phenomenonTime ge 2026-07-01T08:00:00+08:00",
            Compare(
                "ge", Path(("phenomenonTime",)), Literal("time", instant("2026-07-01T00:00:00Z"))
            ),
        ),
        (
            "t eq 2026-07-01T08:00:00 08:00",
            Compare("eq", Path(("t",)), Literal("time", instant("2026-07-01T00:00:00Z"))),
        ),
        (
            "t eq 2026-07-01T00:00:00Z/2026-07-01T01:00:00Z",
            Compare(
                "eq",
                Path(("t",)),
                Literal(
                    "interval", (instant("2026-07-01T00:00:00Z"), instant("2026-07-01T01:00:00Z"))
                ),
            ),
        ),
        (
            "st_within(location,geography'POINT(1 2)')",
            Call("st_within", (Path(("location",)), Literal("geography", "POINT(1 2)"))),
        ),
        (
            "geo.distance(location,geography'POINT(1 2)') lt 1",
            Compare(
                "lt",
                Call("geo.distance", (Path(("location",)), Literal("geography", "POINT(1 2)"))),
                number(1),
            ),
        ),
        (
            "properties/list/0 eq null",
            Compare("eq", Path(("properties", "list", "0")), Literal("null", None)),
        ),
        (
            "properties/楼层 eq true",
            Compare("eq", Path(("properties", "楼层")), Literal("boolean", True)),
        ),
        (
            "date(t) eq 2026-07-01",
            Compare("eq", Call("date", (Path(("t",)),)), Literal("date", "2026-07-01")),
        ),
    ],
)
def test_expressions(text: str, tree: Node) -> None:
    assert expression.parse(text) == tree
    assert expression.parse(ast.render(tree)) == tree


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("", 1, "a property"),
        ("result", None, ""),
        ("result gt", 10, "a property"),
        ("result gt 5 result", 13, "and, or"),
        ("result > 5", 8, "in letters"),
        ('name eq "a"', 9, "single quotes"),
        ("name eq 'a", 9, "closing quote"),
        ("(result gt 5", 13, '")"'),
        ("length(name, name) eq 1", 1, "1 argument"),
        ("result in 5", 11, "a list"),
        ("t gt 2026-13-01T00:00:00Z", 6, "a time such as"),
        ("a eq 1e999", 6, "64 bits"),
        ("(" * 100 + "a" + ")" * 100, 61, "levels of nesting"),
        ("not " * 100 + "a", None, "levels of nesting"),
        ("a" + " add 1" * 100, None, "levels of nesting"),
    ],
)
def test_wrong_expressions_say_where_and_what(text: str, at: int | None, expected: str) -> None:
    if not expected:
        assert expression.parse(text) == RESULT
        return
    with pytest.raises(YiwangError) as caught:
        expression.parse(text)
    assert expected in str(caught.value.fields["expected"])
    if at is not None:
        assert caught.value.where == f"$filter, position {at}"


def test_long_conditions_are_no_deep_ones() -> None:
    text = " or ".join(f"id eq {number}" for number in range(2000))
    tree = expression.parse(text)
    assert isinstance(tree, Logic) and len(tree.items) == 2000


def test_an_order_may_be_in_capitals() -> None:
    assert query.parse("$orderby=id DESC,name ASC") == query.parse("$orderby=id desc,name asc")


def test_every_option_at_once() -> None:
    text = (
        "$filter=result%20gt%205&$orderby=phenomenonTime+desc,id&$select=id,properties/floor"
        "&$expand=Datastream($select=name;$expand=Thing),FeatureOfInterest&$top=5&$skip=10"
        "&$count=true&token=secret"
    )
    assert query.parse(text) == Query(
        filter=Compare("gt", RESULT, number(5)),
        orderby=(Order(Path(("phenomenonTime",)), True), Order(Path(("id",)))),
        select=(("id",), ("properties", "floor")),
        expand=(
            Expand("Datastream", Query(select=(("name",),), expand=(Expand("Thing"),))),
            Expand("FeatureOfInterest"),
        ),
        top=5,
        skip=10,
        count=True,
    )


def test_paths_in_expand_are_nested_expands() -> None:
    found = query.parse("$expand=Datastreams/Sensor,Datastreams/Thing($select=name),Locations")
    inner = (Expand("Sensor"), Expand("Thing", Query(select=(("name",),))))
    assert found.expand == (Expand("Datastreams", Query(expand=inner)), Expand("Locations"))


NAMES = st.from_regex(r"[a-z][a-zA-Z_]{0,6}", fullmatch=True).filter(
    lambda name: (
        name
        not in {"eq", "ne", "gt", "ge", "lt", "le", "and", "or", "not", "in", "add", "sub", "mul"}
        | {"div", "mod", "null", "true", "false", "asc", "desc"}
    )
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: Path(tuple(names)))
LITERALS = st.one_of(
    st.integers(-(10**15), 10**15).map(number),
    st.floats(allow_nan=False, allow_infinity=False).map(number),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).map(
        lambda text: Literal("text", text)
    ),
    st.booleans().map(lambda value: Literal("boolean", value)),
    st.just(Literal("null", None)),
    st.integers(0, 4_000_000_000_000_000).map(lambda value: Literal("time", value)),
    st.text(alphabet="POINT(1 2)'").map(lambda text: Literal("geography", text)),
)


def _combined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    pairs = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["eq", "gt", "le"]), inner, inner),
        st.builds(Arithmetic, st.sampled_from(["add", "div"]), inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), pairs),
        st.builds(Not, inner),
        st.builds(OneOf, inner, pairs),
        st.builds(Call, st.just("concat"), st.tuples(inner, inner)),
    )


TREES: st.SearchStrategy[Node] = st.recursive(st.one_of(PATHS, LITERALS), _combined, max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_what_is_rendered_parses_to_the_same(tree: Node) -> None:
    assert expression.parse(ast.render(tree)) == tree


@settings(max_examples=150, deadline=None)
@given(TREES, TREES, st.integers(0, 10**6), st.booleans())
def test_queries_render_to_what_parses_to_them(
    one: Node, other: Node, count: int, flag: bool
) -> None:
    inner = Query(filter=one, orderby=(Order(other, flag),), top=count, count=flag)
    whole = Query(filter=other, expand=(Expand("Datastreams", inner),), skip=count, after="'5'")
    options = [part.split("=", 1) for part in _split(whole)]
    assert query.parse_pairs((name, value) for name, value in options) == whole


def _split(whole: Query) -> list[str]:
    """The options of a query, one by one."""
    alone = [
        Query(filter=whole.filter),
        Query(expand=whole.expand),
        Query(skip=whole.skip),
        Query(after=whole.after),
    ]
    return [text for item in alone if (text := item.render())]


WORDS = st.sampled_from(
    [
        "eq",
        "and",
        "or",
        "not",
        "(",
        ")",
        ",",
        "/",
        ";",
        "=",
        "$top",
        "$filter",
        "$expand",
        "name",
        "result",
        "5",
        "1.5",
        "'a'",
        "2026-07-01T00:00:00Z",
        "length",
        "null",
        "in",
        "-",
        "Things",
        "Things(1)",
        "$ref",
        "@iot.id",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)))
def test_no_text_is_more_than_an_error(text: str) -> None:
    for read in (
        expression.parse,
        query.parse,
        path.parse,
        lambda value: query.parse_pairs([("$expand", value)]),
        lambda value: query.parse_pairs([("$orderby", value)]),
        lambda value: query.parse_pairs([("$select", value)]),
    ):
        try:
            read(text)
        except YiwangError as error:
            assert error.what("zh-CN") and error.todo("en")
            assert "{" in text or "{" not in error.what("en")


@pytest.mark.parametrize(
    ("text", "single", "last"),
    [
        ("Things", False, ""),
        ("Things(1)", True, ""),
        ("Things(1)/Datastreams(2)/Thing", True, ""),
        ("Things(1)/Datastreams/$ref", False, "$ref"),
        ("Observations(1)/result/$value", True, "$value"),
    ],
)
def test_paths(text: str, single: bool, last: str) -> None:
    found = path.parse(text)
    assert (found.single, found.last) == (single, last)
