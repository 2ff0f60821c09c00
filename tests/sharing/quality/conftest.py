"""A resource of the water office with levels in Datasets, some of them wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.sharing.conftest import City
from yiwang.cases.quality import opening
from yiwang.security.actions import Context
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.quality import watching
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column
from yiwang.store import outbox

RULES = """
rules:
  levels:
    title: {zh-CN: 水位在 0 至 500 之间, en: Levels are between 0 and 500}
    table: %s
    severity: urgent
    range: {level: {least: 0, most: 500}}
  phones:
    title: {zh-CN: 值班电话, en: Telephones}
    table: %s
    format: {phone: {identifier: mobile}}
  fresh:
    table: %s
    severity: notice
    fresh: {days: 1, grace: 0}
"""


class Site:
    """The city, the resource and its rows."""

    def __init__(self, city: City, datasets: Datasets) -> None:
        self.city, self.datasets = city, datasets
        city.ports[Datasets] = datasets
        columns = (Column("station", "C", 20), Column("name", "C", 60), Column("level", "N"))
        datasets.create("levels", (*columns, Column("phone", "C", 20)), ["station"])
        self.resource: Resource = city.published(dataset="levels")
        self.text = RULES % ((self.resource.code,) * 3)

    def put(self, **levels: float) -> None:
        """The level of each station, with one telephone number that is none."""
        names = list(levels)
        rows: dict[str, Any] = {"station": names, "name": [f"{name}号桥" for name in names]}
        rows |= {"level": list(levels.values()), "phone": ["13800138000"] * len(names)}
        rows["phone"][-1] = "1380013800"
        self.datasets.replace("levels", [pa.RecordBatch.from_pydict(rows)])

    def heard(self) -> None:
        """Let cases and quality hear of what has happened, as the relay does."""
        for name, topics, handle in (
            ("cases.quality", opening.TOPICS, opening.consume),
            ("sharing.quality", watching.TOPICS, watching.hear),
        ):
            with self.city.database.write() as connection:
                found = outbox.pending(connection, name, topics)
                context = Context(self.city.platform, connection)
                handle(context, found)
                if found:
                    outbox.advance(connection, name, found[-1].id)
                outbox.put(connection, context.events, self.city.clock.now())


def _site(city: City, folder: Path) -> Iterator[Site]:
    datasets = Datasets(f"sqlite:///{folder / 'datasets.db'}", ZoneInfo("Asia/Shanghai"))
    yield Site(city, datasets)
    datasets.close()


@pytest.fixture
def site(city: City, tmp_path: Path) -> Iterator[Site]:
    """On SQLite and on PostgreSQL."""
    yield from _site(city, tmp_path)


@pytest.fixture
def small_site(small_city: City, tmp_path: Path) -> Iterator[Site]:
    yield from _site(small_city, tmp_path)
