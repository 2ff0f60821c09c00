"""Changes noted by the source itself: triggers write the keys of changed rows into a table beside
it, and a job carries over what those rows are now.

What is noted is taken away again only after the target has it, row by row, and never by "up to
this number": a number may be given before one that is committed earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine, bindparam, column, delete, select, table, tuple_

from yiwang.sharing.exchange.errors import BadJob, NotCaptured, words
from yiwang.sharing.exchange.feeds import Part, Reading
from yiwang.sharing.sources import arrays, reading
from yiwang.sharing.sources.databases import SqlReader
from yiwang.sharing.sources.model import Column, Shape

_SEQ = "yiwang_seq"
_AT_ONCE = 1000
"""Rows that one statement looks for."""


def notes_of(name: str) -> str:
    """The table in which the changes of another are noted."""
    return f"yiwang_changes_{name}"


def parts(job: Reading, engine: Engine) -> Iterator[Part]:
    """What has been noted until now, batch by batch. Raises NotCaptured."""
    reader: Any = job.reader
    schema: str | None = reader.schema
    names = notes_of(job.table)
    if names not in reader.tables():
        raise NotCaptured(job.table, table=job.table)
    key = job.shape.key
    notes = table(names, column(_SEQ), *(column(name) for name in key), schema=schema)
    last = None
    while True:
        query = select(notes.c[_SEQ], *(notes.c[name] for name in key)).order_by(notes.c[_SEQ])
        if last is not None:
            query = query.where(notes.c[_SEQ] > last)
        with engine.connect() as connection:
            noted = connection.execute(query.limit(job.spec.batch)).all()
            if not noted:
                return
            keys = list(dict.fromkeys(tuple(row[1:]) for row in noted))
            batch, there = _now(connection, job, reader, keys)
        gone = [one for one in keys if one not in there]
        numbers = [row[0] for row in noted]
        last = numbers[-1]
        yield Part(
            batch,
            gone=_keys(job, gone) if gone else None,
            settled=_settling(engine, notes, numbers),
        )


def _now(
    connection: Connection, job: Reading, reader: SqlReader, keys: Sequence[tuple[Any, ...]]
) -> tuple[Any, set[tuple[Any, ...]]]:
    """The rows with these keys as they are now, and the keys that there are."""
    there: set[tuple[Any, ...]] = set()
    rows: list[Any] = []
    wanted = reading.chosen(job.shape, job.columns)
    width = len(wanted)
    key: list[Any] = [column(name) for name in job.shape.key]
    for first in range(0, len(keys), _AT_ONCE):
        some = list(keys[first : first + _AT_ONCE])
        query = reader.selecting(job.shape, wanted, job.where)
        found = key[0].in_([one[0] for one in some]) if len(key) == 1 else tuple_(*key).in_(some)
        labelled = [one.label(f"yiwang_key_{place}") for place, one in enumerate(key)]
        for row in connection.execute(query.add_columns(*labelled).where(found)):
            rows.append(tuple(row)[:width])
            there.add(tuple(row)[width:])
    return arrays.batch_of(rows, wanted), there


def _keys(job: Reading, gone: Sequence[tuple[Any, ...]]) -> Any:
    """Keys of rows that are gone, as a batch with all columns that the job reads."""
    across = list(zip(*gone, strict=True))
    made = []
    for one in reading.chosen(job.shape, job.columns):
        if one.name in job.shape.key:
            made.append(arrays.typed(across[job.shape.key.index(one.name)], one))
        else:
            made.append(pa.nulls(len(gone), arrays.type_of(one)))
    return pa.RecordBatch.from_arrays(made, list(job.columns))


def _settling(engine: Engine, notes: Any, numbers: Sequence[int]) -> Callable[[], None]:
    def settle() -> None:
        statement = delete(notes).where(notes.c[_SEQ] == bindparam("number"))
        with engine.begin() as connection:
            connection.execute(statement, [{"number": one} for one in numbers])

    return settle


def statements(dialect: str, shape: Shape, schema: str | None, quote: Any) -> list[str]:
    """What the source's administrator runs once: the table of changes, and its triggers. Raises
    BadJob where a table has no key."""
    if not shape.key:
        raise BadJob("table", field="table", value=shape.table, wanted=words("table_with_key"))
    prefix = f"{quote(schema)}." if schema else ""
    own, notes = f"{prefix}{quote(shape.table)}", f"{prefix}{quote(notes_of(shape.table))}"
    key = [quote(name) for name in shape.key]
    typed = ", ".join(f"{quote(name)} {_type(dialect, shape.column(name))}" for name in shape.key)
    numbered = {
        "postgresql": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "mysql": "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "sqlite": "integer PRIMARY KEY AUTOINCREMENT",
    }[dialect]
    made = [f"CREATE TABLE {notes} ({quote(_SEQ)} {numbered}, {typed})"]

    def note(row: str) -> str:
        values = ", ".join(f"{row}.{name}" for name in key)
        return f"INSERT INTO {notes} ({', '.join(key)}) VALUES ({values});"

    if dialect == "postgresql":
        return [*made, *_triggers_postgresql(own, notes, note, quote, shape.table, prefix)]
    for event, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
        name = f"{prefix}{quote(f'yiwang_{event.lower()}_{shape.table}')}"
        body = " ".join(note(row) for row in rows)
        made.append(f"CREATE TRIGGER {name} AFTER {event} ON {own} FOR EACH ROW BEGIN {body} END")
    return made


def _triggers_postgresql(
    own: str, notes: str, note: Callable[[str], str], quote: Any, name: str, prefix: str
) -> list[str]:
    function = f"{prefix}{quote('yiwang_note_' + name)}"
    body = (
        f"BEGIN IF TG_OP <> 'INSERT' THEN {note('OLD')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {note('NEW')} END IF; RETURN NULL; END"
    )
    trigger = quote("yiwang_changes")
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"AS $yiwang$ {body} $yiwang$",
        f"CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {own} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def _type(dialect: str, one: Column) -> str:
    if one.type == "N":
        return "bigint" if one.scale == 0 else f"numeric({one.length or 30},{one.scale or 10})"
    if one.type == "D":
        return "date"
    if one.type == "T":
        return {"postgresql": "timestamptz", "mysql": "datetime(6)"}.get(dialect, "text")
    return "text" if dialect != "mysql" else f"varchar({min(one.length or 250, 700)})"
