"""Selects that are compiled once and run past SQLAlchemy, which takes ten times as long over a
row that is found by its key as the database does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

from yiwang.store.database import begin_reading

Rows = list[tuple[Any, ...]]


class _Compiled(NamedTuple):
    """``names``: the parameters in their order; None where they are given by name."""

    text: str
    names: tuple[str, ...] | None
    values: Mapping[str, Any]


class Statement:
    """A select, run inside of ``Database.read`` or ``write`` with other values for its
    parameters. Each of these has a value of its own, which stands where none is given, and a
    type that needs no conversion."""

    def __init__(self, chosen: Select[Any]) -> None:
        self._chosen = chosen
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """All rows as the driver gives them: JSON as text, and a truth of SQLite as 0 or 1.
        Raises what SQLAlchemy raises."""
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._chosen, dialect)
        given = {**compiled.values, **values}
        if compiled.names is not None:
            parameters: Any = [given[name] for name in compiled.names]
        else:
            parameters = given
        driver: Any = connection.connection.dbapi_connection
        if dialect.name == "sqlite":
            begin_reading(driver)
        try:
            found: Rows = driver.execute(compiled.text, parameters).fetchall()
        except dialect.loaded_dbapi.Error as error:
            base = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                compiled.text, parameters, error, base, dialect=dialect
            ) from error
        return found


def _compile(chosen: Select[Any], dialect: Dialect) -> _Compiled:
    made: Any = chosen.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    names = tuple(made.positiontup) if made.positional else None
    return _Compiled(str(made), names, made.params)
