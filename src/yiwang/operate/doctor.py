"""``yiwang doctor``: looks at everything that stops a home from running, and says what to do."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from yiwang.kernel import calendar
from yiwang.kernel.clock import DAY, MINUTE, Clock, render, to_datetime
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.settings import Settings
from yiwang.operate import history
from yiwang.operate.checks import FAIL, OK, WARN, Check
from yiwang.security.evidence.errors import EvidenceBroken
from yiwang.security.evidence.log import Log
from yiwang.security.tables import audit_log
from yiwang.sensing.protocols.adapter import installed
from yiwang.sensing.protocols.entrance import ports
from yiwang.sharing.files.shelf import Shelf
from yiwang.store.database import Database
from yiwang.store.migrate import state
from yiwang.web import typeface

LEAST_FREE = 1 << 30
_KEYS_TODO = "Restore keys/fields.yaml and the files that do not open from a backup."
AHEAD = 60 * DAY
"""So far ahead the holidays should be known."""
_LAST_LINES = 10_000
"""So many lines of the audit log are looked at for one from a time to come."""


def examine(settings: Settings, sources: Mapping[str, str], clock: Clock) -> Iterator[Check]:
    """All checks, one after another; none changes anything."""
    yield from _home(settings.home)
    yield _disk(settings.home)
    running = _running(settings.home)
    yield _port("port", settings.host, settings.port, running, "--port")
    if settings.mqtt_port:
        yield _port("mqtt_port", settings.host, settings.mqtt_port, running, "--mqtt-port")
    yield from _field(settings, running)
    yield from _database(settings, clock)
    yield _calendar(settings, clock)
    yield _console()
    yield _typeface()
    given = [f"{name} ({where})" for name, where in sources.items() if where != "default"]
    yield Check("settings", OK, ", ".join(given) or "all defaults")


def _calendar(settings: Settings, clock: Clock) -> Check:
    """Whether the holidays are known that deadlines in working time will meet."""
    try:
        held = calendar.read(settings.home / "city" / "calendar.yaml", ZoneInfo(settings.time_zone))
    except YiwangError as error:
        return Check("calendar", FAIL, error.what(), error.todo())
    now = clock.now()
    years = {to_datetime(at).astimezone(held.zone).year for at in (now, now + AHEAD)}
    missing = sorted(year for year in years if not held.days.holds(year))
    if missing:
        found = f"the holidays of {missing[0]} are not known: Monday to Friday count as worked"
        todo = "Write them into city/calendar.yaml (days), or install a newer chinesecalendar."
        return Check("calendar", WARN, found, todo)
    return Check("calendar", OK, f"holidays known to the end of {max(years)}")


def _field(settings: Settings, running: str) -> Iterator[Check]:
    """The ports of field protocols, and which adapters could be opened."""
    adapters = installed()
    open_ports = [(name, port) for name, port in ports(settings, adapters).items() if port]
    for name, port in open_ports:
        setting = f"{name}_port"
        yield _port(setting, settings.host, port, running, f"{setting} in yiwang.yaml")
    listed = ", ".join(adapters)
    found = f"installed: {listed}; {len(open_ports)} of them listen on a port of their own"
    yield Check("adapters", OK, found)


def _home(home: Path) -> Iterator[Check]:
    if not home.exists():
        found = f"{home} does not exist yet"
        yield Check("home", WARN, found, f"It is made by: yiwang up --home {home}")
        return
    if not os.access(home, os.W_OK):
        yield Check("home", FAIL, f"{home} cannot be written by this user", "Change its owner.")
        return
    holder = _running(home)
    yield Check("home", OK, f"{home}" + (f", in use by process {holder}" if holder else ""))


def _running(home: Path) -> str:
    lock = home / ".lock"
    try:
        number = lock.read_text().strip()
        return number if number and Path(f"/proc/{number}").exists() else ""
    except OSError:
        return ""


def _disk(home: Path) -> Check:
    folder = next(path for path in (home, *home.absolute().parents) if path.exists())
    usage = shutil.disk_usage(folder)
    found = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} GB"
    if usage.free < LEAST_FREE:
        return Check("disk", FAIL, found, "Free some room: intake stops when the disk is full.")
    if usage.free < usage.total * 0.05:
        return Check("disk", WARN, found, "Less than a twentieth is free; plan for more room.")
    return Check("disk", OK, found)


def _port(setting: str, host: str, port: int, running: str, option: str) -> Check:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if running:
            return Check(setting, OK, f"{host}:{port} is held while process {running} runs")
        reason = error.strerror or str(error)
        return Check(setting, FAIL, f"{host}:{port}: {reason}", f"Choose another with {option}.")
    return Check(setting, OK, f"{host}:{port} is free")


def _database(settings: Settings, clock: Clock) -> Iterator[Check]:
    file = settings.home / "yiwang.db"
    if not settings.database and not file.exists():
        yield Check("database", OK, "none yet; it is made at the first start")
        return
    database = Database(settings.database_url)
    try:
        current, head = state(database)
        yield Check("database", OK, f"schema {current}, newest {head}")
        yield _integrity(database)
        yield _clock(database, clock)
        if current == head:
            yield from history.examine(settings, database)
            yield _evidence(settings, database, clock)
            yield _files(settings)
    except YiwangError as error:
        yield Check("database", FAIL, error.what(), error.todo())
    finally:
        database.close()


def _integrity(database: Database) -> Check:
    if not database.is_sqlite:
        return Check("integrity", OK, "kept by PostgreSQL")
    with database.read() as connection:
        found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if found == "ok":
        return Check("integrity", OK, "the database file is sound")
    return Check("integrity", FAIL, str(found), "Restore the last backup: yiwang restore")


def _evidence(settings: Settings, database: Database, clock: Clock) -> Check:
    """Whether the log of uses begins as it was last signed; ``yiwang evidence check`` reads it
    whole."""
    try:
        signed = Log.of(settings, database, clock).signed()
    except EvidenceBroken as error:
        return Check("evidence", FAIL, error.what(), error.todo())
    return Check("evidence", OK, f"{signed} uses are signed")


def _files(settings: Settings) -> Check:
    """Whether the keys are there with which uploaded files were sealed."""
    found = Shelf(settings).contents.survey()
    told = f"{found.sealed:,} shared files are encrypted, {found.plain:,} wait for it"
    if found.missing:
        missing = ", ".join(found.missing)
        return Check("files", FAIL, f"{told}; keys are missing: {missing}", _KEYS_TODO)
    return Check("files", OK, told)


def _clock(database: Database, clock: Clock) -> Check:
    """A clock behind what was already written would put new cases before old ones."""
    now = clock.now()
    with database.read() as connection:
        last = select(audit_log.c.at).order_by(audit_log.c.id.desc()).limit(_LAST_LINES)
        newest = connection.execute(select(func.max(last.subquery().c.at))).scalar() or 0
    if newest > now + MINUTE:
        found = f"now is {render(now)}, but something was recorded at {render(newest)}"
        return Check("clock", FAIL, found, "Set the computer's clock; use a time service.")
    if newest and now - newest > 365 * DAY:
        found = f"nothing was recorded for over a year before {render(now)}"
        return Check("clock", WARN, found, "Check that the computer's date is right.")
    return Check("clock", OK, render(now))


def _console() -> Check:
    page = Path(__file__).parent.parent / "console" / "static" / "index.html"
    if page.is_file():
        return Check("console", OK, "built")
    return Check("console", FAIL, "the pages are not built", "Build them with: make web")


def _typeface() -> Check:
    """Whether reports on paper carry their Chinese font with them."""
    file = typeface.found()
    if file is not None:
        return Check("typeface", OK, f"papers embed {file}")
    found = "no Chinese font: PDF reports only name one, and some readers show them empty"
    return Check("typeface", WARN, found, f"Install one: apt install {typeface.PACKAGE}")
