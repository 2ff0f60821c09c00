"""A filter has the same answer on SQLite, on PostgreSQL, outside the database, and as an
obvious evaluation of one row at a time (``oracle.py``) has it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tests.conftest import START
from tests.sensing.sta import oracle
from yiwang.kernel import clock
from yiwang.sensing import tables as t
from yiwang.sensing.sta import ast
from yiwang.sensing.sta.ast import Arithmetic, Call, Compare, Literal, Logic, Node, Not, OneOf, Path
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.expression import parse
from yiwang.sensing.sta.schema import HISTORICAL_LOCATION
from yiwang.store.database import Database

WORDS = ("", " a ", "Ab", "école", "Straße", "东风路", "O'Hara", "a\\b%_", "zz", "🚒 1")
NUMBERS = (0, 1, -1, 2.5, -2.5, 0.5, 3, 7, -7, 100, 1e6)
PROPERTIES = "Thing/properties"


def rows() -> Iterator[dict[str, Any]]:
    dice = random.Random(7)
    for id_ in range(1, 41):
        kept: dict[str, Any] = {}
        for name in ("n", "m"):
            kept[name] = dice.choice([*NUMBERS, None, "text", True])
        kept["t"] = dice.choice([*WORDS, None, 5])
        time = START - dice.randrange(400 * clock.DAY)
        if id_ % 3:
            time = time // clock.SECOND * clock.SECOND
        yield {"id": id_, "name": dice.choice(WORDS), "time": time, **kept}


ROWS = list(rows())


def seen(row: dict[str, Any]) -> oracle.Row:
    """A row by the paths of the grammar; a value of another type is unknown."""

    def number(value: Any) -> Any:
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    return {
        "id": row["id"],
        "time": row["time"],
        "Thing/name": row["name"],
        f"{PROPERTIES}/n": number(row["n"]),
        f"{PROPERTIES}/m": number(row["m"]),
        f"{PROPERTIES}/t": row["t"] if isinstance(row["t"], str) else None,
    }


def fill(database: Database) -> None:
    with database.write() as connection:
        for row in ROWS:
            kept = {name: row[name] for name in "nmt" if row[name] is not None}
            thing = {"id": row["id"], "name": row["name"], "properties": kept, "created_at": 0}
            connection.execute(insert(t.things).values(thing))
            at = {"id": row["id"], "thing": row["id"], "time": row["time"]}
            connection.execute(insert(t.historical_locations).values(at))


def path(text: str) -> st.SearchStrategy[Node]:
    return st.just(Path(tuple(text.split("/"))))


def call(names: list[str], *arguments: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(Call, st.sampled_from(names), st.tuples(*arguments))


def literal(kind: str, values: Any) -> st.SearchStrategy[Node]:
    return st.sampled_from([Literal(kind, value) for value in values])


# Typed: a place in JSON alone on both sides of a comparison is of whatever type it is.
TYPED_TEXT = st.one_of(path("Thing/name"), literal("text", WORDS))
TYPED_NUMBER = st.one_of(path("id"), literal("number", NUMBERS))
TIMES = st.one_of(
    path("time"),
    st.just(Call("now", ())),
    literal("time", [START - 30 * clock.DAY, START - clock.DAY]),
)
TIMES = TIMES | st.builds(
    Arithmetic, st.sampled_from(["add", "sub"]), TIMES, literal("duration", ["P1D", "PT90S"])
)
PARTS = ["year", "month", "day", "hour", "minute", "second", "fractionalseconds"]


def texts(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    any_text = inner | path(f"{PROPERTIES}/t")
    return st.one_of(
        call(["tolower", "toupper", "trim"], any_text),
        call(["concat"], any_text, any_text),
        call(["substring"], any_text, literal("number", [0, 1, 2, -1])),
        call(["substring"], any_text, literal("number", [0, 1]), literal("number", [0, 1, 2.5])),
    )


TEXTS = st.recursive(TYPED_TEXT, texts, max_leaves=3)
ANY_TEXTS = TEXTS | path(f"{PROPERTIES}/t")


def numbers(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    any_number = st.one_of(inner, path(f"{PROPERTIES}/n"), path(f"{PROPERTIES}/m"))
    operators = st.sampled_from(["add", "sub", "mul", "div", "mod"])
    return st.one_of(
        st.builds(Arithmetic, operators, any_number, any_number),
        call(["round", "floor", "ceiling"], any_number),
        call(["length"], ANY_TEXTS),
        call(["indexof"], ANY_TEXTS, ANY_TEXTS),
        call([*PARTS, "totaloffsetminutes"], TIMES),
    )


REAL_NUMBERS = st.recursive(TYPED_NUMBER, numbers, max_leaves=4)
ANY_NUMBERS = st.one_of(REAL_NUMBERS, path(f"{PROPERTIES}/n"), path(f"{PROPERTIES}/m"))
OPERATORS = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
NULL = st.just(Literal("null", None))
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.builds(Compare, OPERATORS, ANY_NUMBERS, REAL_NUMBERS),
    st.builds(Compare, OPERATORS, REAL_NUMBERS, ANY_NUMBERS),
    st.builds(Compare, OPERATORS, ANY_TEXTS, TEXTS),
    st.builds(Compare, OPERATORS, TIMES, TIMES),
    st.builds(Compare, st.sampled_from(["eq", "ne"]), TEXTS | REAL_NUMBERS | TIMES, NULL),
    st.builds(OneOf, ANY_NUMBERS, st.tuples(TYPED_NUMBER, TYPED_NUMBER)),
    call(["contains", "substringof", "startswith", "endswith"], ANY_TEXTS, ANY_TEXTS),
)


def conditions(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Logic, st.sampled_from(["and", "or"]), several) | st.builds(Not, inner)


COMPUTED = numbers(TYPED_NUMBER)
PARTS_OF_TIMES = call([*PARTS, "totaloffsetminutes"], TIMES)
CONDITIONS = {
    "everything": st.recursive(LEAVES, conditions, max_leaves=4),
    "numbers": st.builds(Compare, OPERATORS, COMPUTED, COMPUTED),
    "texts": st.builds(Compare, OPERATORS, texts(TYPED_TEXT), TYPED_TEXT),
    "times": st.builds(Compare, OPERATORS, PARTS_OF_TIMES, literal("number", range(60))),
}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("about", list(CONDITIONS))
def test_a_filter_has_one_answer(sqlite: Database, database: Database, about: str) -> None:
    for each in (sqlite, database):
        fill(each)
    with ExitStack() as stack:
        readers = [Entities(stack.enter_context(each.read()), START) for each in (sqlite, database)]

        @settings(max_examples=60, deadline=None)
        @given(CONDITIONS[about])
        def alike(condition: Node) -> None:
            written = parse(ast.render(condition))
            expected = [row["id"] for row in ROWS if oracle.holds(written, seen(row), START)]
            for reader in readers:
                assert sorted(reader.ids(HISTORICAL_LOCATION, written)) == expected
                outside = reader.outside.satisfying(HISTORICAL_LOCATION, written, "$filter")
                assert outside == expected

        alike()
