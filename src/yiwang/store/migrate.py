"""Bring a database to this version's schema, or refuse one from a newer version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from yiwang.store.database import Database
from yiwang.store.errors import HomeNewer

_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def state(database: Database, where: str = "") -> tuple[str, str]:
    """The database's revision and the newest known one. Raises HomeNewer."""
    script = ScriptDirectory.from_config(_config())
    with database.read() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    _refuse_newer(script, current, where)
    return current or "none", script.get_current_head() or "none"


def _refuse_newer(script: ScriptDirectory, current: str | None, where: str) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise HomeNewer(where, found=current, known=script.get_current_head())


def migrate(database: Database, where: str = "") -> None:
    """Upgrade to the newest revision; raises HomeNewer when the database is ahead of it."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    with database.write() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == head:
            return
        _refuse_newer(script, current, where)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def opened(url: str, home: Path) -> Iterator[Database]:
    """The database of a home without the home's lock: for commands beside a running server."""
    home.mkdir(parents=True, exist_ok=True)
    database = Database(url)
    try:
        migrate(database, str(home))
        yield database
    finally:
        database.close()
