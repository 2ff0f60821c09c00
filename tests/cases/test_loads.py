"""How many open cases somebody has, in homes made before it was kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.tables import case_loads


def test_what_people_have_open_in_a_home_of_before_is_counted(
    city: City, open_case: Callable[..., int]
) -> None:
    open_case(1)
    no = open_case(2, severity="critical", lon=116.15)
    service.take(city.centre, no, "void", service.Given(reason="twice"))
    open_case(3, lon=116.16)
    query = select(case_loads).where(case_loads.c["count"] > 0).order_by(case_loads.c.severity)
    with city.database.write() as connection:
        kept = connection.execute(query).all()
        case_loads.drop(connection)
        change = Operations(MigrationContext.configure(connection))
        change.create_index("ix_cases_handler_open_severity", "cases", ["handler"])
        with Operations.context(change.migration_context):
            import_module("yiwang.store.migrations.versions.0068_case_loads").upgrade()
        counted = connection.execute(query).all()
    assert len(kept) > 0 and counted == kept
