"""Both ends of a job, opened: what it reads from, and what it writes into."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from yiwang.sharing.exchange import mapping
from yiwang.sharing.exchange.errors import BadJob, NoKey
from yiwang.sharing.exchange.model import End, Rule, Spec
from yiwang.sharing.sources import arrays, kept, positions, reading
from yiwang.sharing.sources.databases import SqlReader
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.errors import NoSuchDataset, SourceUnreachable
from yiwang.sharing.sources.merging import Target
from yiwang.sharing.sources.model import (
    Column,
    Condition,
    Order,
    Shape,
    Source,
    with_required,
)
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.positions import Position
from yiwang.sharing.sources.reading import SIZE, Reader, Refused

Find = Callable[[str], Source]
"""A declared source by its code."""


class KeptReader:
    """A dataset as something to read from."""

    ordered = True

    def __init__(self, datasets: Datasets, opened: Collection[str] = ()) -> None:
        """``opened``: the sealed columns that have values."""
        self._datasets = datasets
        self._opened = opened

    def tables(self) -> list[str]:
        return self._datasets.names()

    def shape(self, table: str, samples: int = 3) -> Shape:
        found = self._datasets.shape(table)
        return replace(found, columns=with_required(found.columns, found.key))

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        after: Sequence[Any] | None = None,
        size: int = SIZE,
        refused: Refused | None = None,
    ) -> Iterator[Any]:
        yield from self._datasets.batches(table, columns, where, order, after, size, self._opened)

    def close(self) -> None:
        """The datasets stay open."""


class Sink(Protocol):
    """A table that is written to. ``target`` has the columns that the job fills."""

    target: Target

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction."""
        ...

    def position(self, job: str) -> Position | None: ...

    def reader(self) -> tuple[Reader, str]:
        """To read back what was written, and the table's name there."""
        ...

    def close(self) -> None: ...


class TableSink:
    """A table of a department's database."""

    def __init__(self, engine: Engine, schema: str | None, target: Target) -> None:
        self.target = target
        self._engine = engine
        self._schema = schema
        self._connection: Connection | None = None
        with self.writing() as connection:
            positions.ensure(connection, schema)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with _reached(self._engine.dialect.loaded_dbapi):
            if self._connection is None:
                self._connection = self._engine.connect()
            try:
                with self._connection.begin():
                    yield self._connection
            except BaseException:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
                raise

    def position(self, job: str) -> Position | None:
        with self.writing() as connection:
            return positions.find(connection, job, self._schema)

    def reader(self) -> tuple[Reader, str]:
        return SqlReader(self._engine, self._schema), self.target.table

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


class KeptSink:
    """A dataset."""

    def __init__(self, datasets: Datasets, name: str, columns: Sequence[str]) -> None:
        whole = datasets.target(name)
        kept = tuple(one for one in whole.columns if one.name in columns)
        self.target = replace(whole, columns=kept)
        self._datasets = datasets
        self._name = name

    def writing(self) -> AbstractContextManager[Connection]:
        return self._datasets.database().write()

    def position(self, job: str) -> Position | None:
        return self._datasets.position(job)

    def reader(self) -> tuple[Reader, str]:
        sealed = self._datasets.describe(self._name).sealed
        return KeptReader(self._datasets, sealed), self._name

    def close(self) -> None:
        """The datasets stay open."""


@contextmanager
def _reached(driver: Any) -> Iterator[None]:
    """Raises SourceUnreachable for what another try may mend."""
    try:
        yield
    except Exception as error:
        inner = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(inner, driver.OperationalError | driver.InterfaceError):
            raise SourceUnreachable(reason=str(inner).strip()[:500]) from error
        raise


def open_source(
    end: End, find: Find, sources: Sources, datasets: Datasets, opened: Collection[str] = ()
) -> tuple[Reader, str]:
    """Where a job reads, and the table's name there. ``opened``: the sealed columns of a dataset
    that have values."""
    if end.dataset:
        return KeptReader(datasets, opened), end.dataset
    return sources.open(find(end.source)), end.table


def planned(
    spec: Spec, source: Shape, find: Find, sources: Sources, datasets: Datasets
) -> tuple[Target, tuple[Rule, ...]]:
    """What a job would write into and by which rules, with nothing made there. Raises as
    ``open_sink``."""
    if spec.to.dataset:
        return _planned_kept(spec, source, datasets)
    found = find(spec.to.source)
    engine = sources.engine(found)
    try:
        target, rules = _table(spec, source, found, engine)
        return target, rules
    finally:
        engine.dispose()


def _planned_kept(spec: Spec, source: Shape, datasets: Datasets) -> tuple[Target, tuple[Rule, ...]]:
    name = spec.to.dataset
    try:
        whole = datasets.target(name)
    except NoSuchDataset:
        if not spec.to.key:
            raise
        made = kept.checked(name, _columns(spec, source), spec.to.key)
        whole = Target(name, with_required(made.columns, made.key), made.key)
    rules = _checked(spec, source, Shape(name, whole.columns, whole.key))
    names = {one.to for one in rules}
    return replace(whole, columns=tuple(one for one in whole.columns if one.name in names)), rules


def open_sink(
    spec: Spec,
    source: Shape,
    find: Find,
    sources: Sources,
    datasets: Datasets,
    sealed: Callable[[str], Collection[str]] = lambda name: (),
) -> tuple[Sink, tuple[Rule, ...]]:
    """Where a job writes, and by which rules. A dataset that is not there is made if the job gives
    its key; ``sealed`` says which of its columns are to be. Raises NoKey, BadJob, NoSuchDataset,
    BadDataset, and what opening raises."""
    if spec.to.dataset:
        return _open_kept(spec, source, datasets, sealed)
    found = find(spec.to.source)
    engine = sources.engine(found)
    try:
        target, rules = _table(spec, source, found, engine)
        return TableSink(engine, target.schema, target), rules
    except BaseException:
        engine.dispose()
        raise


def _table(
    spec: Spec, source: Shape, found: Source, engine: Engine
) -> tuple[Target, tuple[Rule, ...]]:
    """A table of a department's database as a job fills it, and the rules."""
    schema = found.options.get("schema")
    shape = SqlReader(engine, schema).shape(spec.to.table, 0)
    rules = _checked(spec, source, shape)
    names = {one.to for one in rules}
    columns = tuple(_written(one, found.kind) for one in shape.columns if one.name in names)
    return Target(spec.to.table, columns, shape.key, schema), rules


def _written(column: Column, kind: str) -> Column:
    """A number of PostgreSQL without a length is as exact as it is written: as a text."""
    exact = column.type == "N" and column.length is None and column.scale is None
    return Column(column.name, "C") if exact and kind == "postgresql" else column


def _open_kept(
    spec: Spec, source: Shape, datasets: Datasets, sealed: Callable[[str], Collection[str]]
) -> tuple[Sink, tuple[Rule, ...]]:
    name = spec.to.dataset
    try:
        shape = datasets.shape(name)
    except NoSuchDataset:
        if not spec.to.key:
            raise
        made = datasets.create(name, _columns(spec, source), spec.to.key)
        shape = Shape(name, made.columns, made.key)
    rules = _checked(spec, source, shape)
    datasets.seal(name, sealed(name))
    return KeptSink(datasets, name, [one.to for one in rules]), rules


def _columns(spec: Spec, source: Shape) -> list[Column]:
    """The columns of a dataset that a job makes."""
    rules = spec.mapping or tuple(Rule(one.name, one.name) for one in source.columns)
    made = []
    for rule in rules:
        if rule.from_ and rule.codes is None and not rule.trim:
            like = reading.column(source, rule.from_)
            exact = like.type in "NY" and like.scale is not None
            length = min(like.length, 18) if exact and like.length else like.length
            made.append(replace(like, name=rule.to, length=length, required=False))
        else:
            made.append(Column(rule.to, "C"))
    return made


def _checked(spec: Spec, source: Shape, target: Shape) -> tuple[Rule, ...]:
    """The rules of a job, all of columns that are there. Raises NoSuchColumn, NoKey, BadJob."""
    rules = spec.mapping or mapping.usual(source, target)
    for rule in rules:
        reading.column(target, rule.to)
        for name in rule.columns:
            reading.column(source, name)
    if not target.key:
        raise NoKey(target.table, table=target.table)
    filled = {one.to for one in rules}
    for name in target.key:
        if name not in filled:
            raise BadJob("mapping", field="mapping", value=name, wanted="whole_key")
    wrong = mapping.wrong_check(spec.checks, [target.column(name) for name in filled])
    if wrong:
        raise BadJob("checks", field="checks", value=wrong, wanted="filled")
    return rules


def read_back(sink: Sink, where: Sequence[Condition], zone: ZoneInfo, size: int) -> Iterator[Any]:
    """The target's rows, of the same types as they were written."""
    reader, table = sink.reader()
    names = sink.target.names
    for batch in reader.batches(table, names, where, size=size):
        good, _ = arrays.convert(batch, sink.target.columns, zone)
        yield good
