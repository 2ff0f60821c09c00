"""Which columns of kept tables exchange seals, and which sealed ones it may open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.exchange.errors import NotOpened
from yiwang.sharing.exchange.model import Rule
from yiwang.sharing.exchange.store import Job
from yiwang.sharing.grants import store as grants

if TYPE_CHECKING:
    from yiwang.sharing.exchange.running import Means

HIDDEN = "***"
"""Stands in a rejected row for what would be sealed."""


def demanded(means: Means) -> Callable[[str], Collection[str]]:
    """For a kept table the columns that the labels of its resource in force say are sealed; a key,
    by which rows are found, never is."""

    def found(dataset: str) -> list[str]:
        if means.protection is None:
            return []
        with means.database.read() as connection:
            resource = catalogue.of_dataset(connection, dataset)
        if resource is None:
            return []
        kept, labels = means.datasets.describe(dataset), means.protection.labels
        names = {one.name for one in kept.columns} - set(kept.key)
        sealing = {name for name, label in labels.items() if label.seal}
        return [
            one.column for one in resource.items if one.label in sealing and one.column in names
        ]

    return found


def opened(means: Means, job: Job) -> frozenset[str]:
    """The sealed columns of the table that a job reads which may leave it: for its own provider
    all of them; else those that a grant for tables names, and names to be given plainly."""
    dataset = job.spec.from_.dataset
    if not dataset or job.organisation is None:
        return frozenset()
    with means.database.read() as connection:
        resource = catalogue.of_dataset(connection, dataset)
        if resource is None:
            return frozenset()
        if resource.organisation == job.organisation:
            return frozenset(means.datasets.describe(dataset).sealed)
        return _granted(connection, resource, job.organisation, means.clock.now())


def _granted(
    connection: Connection, resource: Resource, organisation: int, at: int
) -> frozenset[str]:
    if not resource.in_force or resource.share_type == "none":
        return frozenset()
    shared = {item.column for item in resource.items if item.shared}
    held = [
        one.terms
        for one in grants.of(connection, organisation, resource.id, at)
        if "table" in one.terms.modes
    ]
    return frozenset(
        name for terms in held for name in terms.fields if name in terms.plain and name in shared
    )


def check(means: Means, job: Job, columns: Iterable[str], allowed: Collection[str]) -> None:
    """Raises NotOpened where a job would read a sealed column that it may not."""
    dataset = job.spec.from_.dataset
    if not dataset:
        return
    held = set(means.datasets.describe(dataset).sealed)
    closed = [name for name in columns if name in held and name not in allowed]
    if closed:
        raise NotOpened(job.code, job=job.code, columns=", ".join(closed))


def hidden(means: Means, job: Job, rules: Sequence[Rule]) -> frozenset[str]:
    """Columns, of the source and of the target, whose values no rejected row keeps."""
    dataset = job.spec.to.dataset
    if not dataset:
        return frozenset()
    held = set(means.datasets.describe(dataset).sealed)
    return frozenset(held) | {name for one in rules if one.to in held for name in one.columns}
