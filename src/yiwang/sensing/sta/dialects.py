"""Expressions that SQLite and PostgreSQL write differently and answer alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class JsonText(FunctionElement[str]):
    """The text at a place of a JSON column, NULL where there is something else.

    Clauses: column, ``$."a"[0]`` path, ``{a,0}`` path.
    """

    type = Text()
    inherit_cache = True


class JsonNumber(FunctionElement[float]):
    type = Float()
    inherit_cache = True


class JsonTruth(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class JsonThere(FunctionElement[bool]):
    """Whether there is a value other than null at the place."""

    type = Boolean()
    inherit_cache = True


class Bytewise(FunctionElement[str]):
    """A text compared by code points, whatever the database's own order of letters."""

    type = Text()
    inherit_cache = True


class Find(FunctionElement[int]):
    """Place of the second text in the first, from 1; 0 where it is not in it."""

    type = BigInteger()
    inherit_cache = True


class TimePart(FunctionElement[int]):
    """Part of a moment in UTC. Clauses: whole seconds, strftime code, name for extract."""

    type = BigInteger()
    inherit_cache = True


class Double(FunctionElement[float]):
    type = Float()
    inherit_cache = True


class Floor(FunctionElement[float]):
    """Of a double."""

    type = Float()
    inherit_cache = True


class Quotient(FunctionElement[int]):
    """A whole number divided by one above 0, rounded down. Clauses: the number, the divisor."""

    type = BigInteger()
    inherit_cache = True


class Whole(FunctionElement[int]):
    """A double rounded down to a whole number, which must fit in 64 bits."""

    type = BigInteger()
    inherit_cache = True


class Lower(FunctionElement[str]):
    """In small letters, by Unicode."""

    type = Text()
    inherit_cache = True


class Upper(FunctionElement[str]):
    type = Text()
    inherit_cache = True


def _parts(element: Any, compiler: Any, kw: Any) -> list[str]:
    return [compiler.process(clause, **kw) for clause in element.clauses]


@compiles(JsonText, "sqlite")
def _json_text_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, path, _ = _parts(element, compiler, kw)
    typed = f"json_type({column}, {path}) = 'text'"
    return f"CASE WHEN {typed} THEN json_extract({column}, {path}) END"


@compiles(JsonText)
def _json_text(element: Any, compiler: Any, **kw: Any) -> str:
    column, _, path = _parts(element, compiler, kw)
    at = f"(({column})::jsonb #> CAST({path} AS text[]))"
    return f"CASE WHEN jsonb_typeof({at}) = 'string' THEN {at} #>> '{{}}' END"


@compiles(JsonNumber, "sqlite")
def _json_number_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, path, _ = _parts(element, compiler, kw)
    typed = f"json_type({column}, {path}) IN ('integer', 'real')"
    return f"CASE WHEN {typed} THEN json_extract({column}, {path}) END"


@compiles(JsonNumber)
def _json_number(element: Any, compiler: Any, **kw: Any) -> str:
    column, _, path = _parts(element, compiler, kw)
    at = f"(({column})::jsonb #> CAST({path} AS text[]))"
    return f"CASE WHEN jsonb_typeof({at}) = 'number' THEN ({at} #>> '{{}}')::float8 END"


@compiles(JsonTruth, "sqlite")
def _json_truth_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, path, _ = _parts(element, compiler, kw)
    typed = f"json_type({column}, {path}) IN ('true', 'false')"
    return f"CASE WHEN {typed} THEN json_extract({column}, {path}) END"


@compiles(JsonTruth)
def _json_truth(element: Any, compiler: Any, **kw: Any) -> str:
    column, _, path = _parts(element, compiler, kw)
    at = f"(({column})::jsonb #> CAST({path} AS text[]))"
    return f"CASE WHEN jsonb_typeof({at}) = 'boolean' THEN ({at} #>> '{{}}')::boolean END"


@compiles(JsonThere, "sqlite")
def _json_there_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, path, _ = _parts(element, compiler, kw)
    return f"(coalesce(json_type({column}, {path}), 'null') <> 'null')"


@compiles(JsonThere)
def _json_there(element: Any, compiler: Any, **kw: Any) -> str:
    column, _, path = _parts(element, compiler, kw)
    at = f"(({column})::jsonb #> CAST({path} AS text[]))"
    return f"(coalesce(jsonb_typeof({at}), 'null') <> 'null')"


@compiles(Bytewise, "sqlite")
def _bytewise_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return _parts(element, compiler, kw)[0]


@compiles(Bytewise)
def _bytewise(element: Any, compiler: Any, **kw: Any) -> str:
    return f'(({_parts(element, compiler, kw)[0]}) COLLATE "C")'


@compiles(Find, "sqlite")
def _find_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "instr({}, {})".format(*_parts(element, compiler, kw))


@compiles(Find)
def _find(element: Any, compiler: Any, **kw: Any) -> str:
    return "strpos({}, {})".format(*_parts(element, compiler, kw))


@compiles(TimePart, "sqlite")
def _time_part_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    instant, code, _ = _parts(element, compiler, kw)
    return f"CAST(strftime({code}, {instant}, 'unixepoch') AS INTEGER)"


@compiles(TimePart)
def _time_part(element: Any, compiler: Any, **kw: Any) -> str:
    instant, _, part = _parts(element, compiler, kw)
    moment = f"(to_timestamp(({instant})::float8) AT TIME ZONE 'UTC')"
    return f"CAST(date_part({part}, {moment}) AS BIGINT)"


@compiles(Double, "sqlite")
def _double_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST({_parts(element, compiler, kw)[0]} AS REAL)"


@compiles(Double)
def _double(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST({_parts(element, compiler, kw)[0]} AS float8)"


@compiles(Floor, "sqlite")
def _floor_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # The floor() of SQLite is replaced by SQLAlchemy's, which knows no NULL.
    value = _parts(element, compiler, kw)[0]
    cut = f"CAST(({value}) AS INTEGER)"
    small = f"abs({value}) < 4503599627370496"
    return f"(CASE WHEN {small} THEN {cut} - (({value}) < {cut}) ELSE {value} END)"


@compiles(Floor)
def _floor(element: Any, compiler: Any, **kw: Any) -> str:
    return f"floor({_parts(element, compiler, kw)[0]})"


@compiles(Quotient)
def _quotient(element: Any, compiler: Any, **kw: Any) -> str:
    whole, by = _parts(element, compiler, kw)
    cut = f"(({whole}) / {by})"
    return f"({cut} - CASE WHEN ({whole}) < {cut} * {by} THEN 1 ELSE 0 END)"


@compiles(Whole, "sqlite")
def _whole_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    value = _parts(element, compiler, kw)[0]
    cut = f"CAST(({value}) AS INTEGER)"
    return f"({cut} - (({value}) < {cut}))"


@compiles(Whole)
def _whole(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor({_parts(element, compiler, kw)[0]}) AS BIGINT)"


@compiles(Lower, "sqlite")
def _lower_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"unicode_lower({_parts(element, compiler, kw)[0]})"


@compiles(Lower)
def _lower(element: Any, compiler: Any, **kw: Any) -> str:
    return f'lower(({_parts(element, compiler, kw)[0]}) COLLATE "und-x-icu")'


@compiles(Upper, "sqlite")
def _upper_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"unicode_upper({_parts(element, compiler, kw)[0]})"


@compiles(Upper)
def _upper(element: Any, compiler: Any, **kw: Any) -> str:
    return f'upper(({_parts(element, compiler, kw)[0]}) COLLATE "und-x-icu")'
