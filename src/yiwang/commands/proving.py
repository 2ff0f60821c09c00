"""``yiwang evidence`` and ``yiwang watermark``: the log of uses, and whose copy a file is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from yiwang.commands.options import HOME, opened
from yiwang.kernel import clock, text
from yiwang.kernel.clock import SystemClock
from yiwang.security.actions import Caller
from yiwang.security.evidence import export, notes, service
from yiwang.security.evidence.errors import BadEvidence
from yiwang.security.evidence.export import Verdict
from yiwang.security.evidence.log import Log
from yiwang.security.evidence.notes import BadNote, Verifier
from yiwang.security.model import system
from yiwang.security.protection import copies, extracts, leaks
from yiwang.security.protection.city import Protection
from yiwang.sharing.files import tracing
from yiwang.store.migrate import opened as migrated

_DATABASE = click.option(
    "--database", help="SQLAlchemy URL of a PostgreSQL database instead of SQLite."
)


@click.group()
def evidence() -> None:
    """The log of uses of data: who used what, in a form that nobody can change unseen."""


@evidence.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--key", "keys", multiple=True, required=True, help="The public key, or a file that holds it."
)
@click.option(
    "--since",
    "older",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A head that was signed earlier and kept apart; may be given several times.",
)
def verify(file: Path, keys: tuple[str, ...], older: tuple[Path, ...]) -> None:
    """Hold an export against its signed head, with nothing but the file and the public key.

    Ends with status 1 where anything was changed, moved, put in, left out or cut, where the head
    is forged, and where the log is another one than that of an earlier head.
    """
    known = [_key(one) for one in keys]
    heads = [path.read_text(encoding="utf-8") for path in older]
    _tell(export.verify(export.lines(file), known, heads))


@evidence.command("export")
@HOME
@_DATABASE
@click.option("--from", "first", type=click.IntRange(0), default=0, help="The first entry.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export_command(home: Path, database: str | None, first: int, file: Path) -> None:
    """Write the log, or what has come since an entry, to FILE (compressed)."""
    with _working(home, database) as by:
        entries = service.export_log(by, first, file)
        service.record_reading(by, "export", entries, 0)
    click.echo(f"{file}: {entries}")


@evidence.command()
@HOME
@_DATABASE
def head(home: Path, database: str | None) -> None:
    """Show the newest signed head, to be kept where the platform cannot reach it."""
    with _working(home, database) as by:
        click.echo(service.show_head(by)["head"], nl=False)


@evidence.command()
@HOME
@_DATABASE
def key(home: Path, database: str | None) -> None:
    """Show the public key of the log."""
    with _working(home, database) as by:
        click.echo(service.show_head(by)["key"])


@evidence.command()
@HOME
@_DATABASE
def check(home: Path, database: str | None) -> None:
    """Read the whole log of a home and hold it against every head that was kept."""
    with _working(home, database) as by:
        verdict = service.check_log(by)
        service.record_reading(by, "check", verdict.entries, len(verdict.findings))
    _tell(verdict)


@contextmanager
def _working(home: Path, database: str | None) -> Iterator[Caller]:
    settings, _ = opened(home, database=database)
    with migrated(settings.database_url, settings.home) as held:
        log = Log.of(settings, held, SystemClock())
        yield Caller(system("cli"), held, SystemClock(), {Log: log}, "cli")


def _key(given: str) -> Verifier:
    file = Path(given)
    try:
        return notes.verifier(file.read_text(encoding="utf-8") if file.is_file() else given)
    except BadNote as error:
        raise BadEvidence(given, reason=str(error)) from error


def _tell(verdict: Verdict) -> None:
    lang = text.of_terminal(os.environ)
    for one in verdict.findings:
        click.echo(one.words(lang), err=True)
    if verdict.findings or verdict.head is None:
        until = {"entry": verdict.intact}
        click.echo(text.render("security.evidence_finding.until", lang, until), err=True)
        sys.exit(1)
    signed = clock.render(verdict.head.at)
    fields = {
        "entries": verdict.entries,
        "first": verdict.first,
        "at": signed,
        "older": verdict.older,
        "origin": verdict.head.origin,
    }
    click.echo(text.render("security.evidence_intact", lang, fields))


@click.group()
def watermark() -> None:
    """Marks in copies of data that were given out."""


@watermark.command()
@HOME
@_DATABASE
@click.option("--resource", required=True, help="What it is of.")
@click.option("--receiver", required=True, help="Who gets it.")
@click.option("--key", "key", multiple=True, required=True, help="Columns that tell rows apart.")
@click.option("--mark", "units", multiple=True, help="COLUMN:UNIT, by which it may be changed.")
@click.option(
    "--spelling", "spellings", multiple=True, help="COLUMN:ONE|OTHER, which mean the same."
)
@click.option("--share", type=float, default=1.0, show_default=True, help="Of how many rows.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("copy", type=click.Path(path_type=Path, dir_okay=False))
def give(
    home: Path,
    database: str | None,
    resource: str,
    receiver: str,
    key: tuple[str, ...],
    units: tuple[str, ...],
    spellings: tuple[str, ...],
    share: float,
    file: Path,
    copy: Path,
) -> None:
    """Write a marked COPY (CSV) of FILE for one receiver."""
    marks = copies.marks(units, spellings, key, share)
    table = extracts.read(file.name, file.read_bytes())
    settings, _ = opened(home, database=database)
    with migrated(settings.database_url, settings.home) as held:
        ports: dict[type, Any] = {Protection: Protection(settings.home)}
        by = Caller(system("cli"), held, SystemClock(), ports, "cli")
        copy.write_bytes(copies.made(by, table, resource, receiver, marks))
    click.echo(f"{copy}: {table.num_rows}")


@watermark.command()
@HOME
@_DATABASE
@click.option(
    "--resource", default="", help="Number or name of what it is of; without it all are tried."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="A column that was renamed: name in the file=name here.",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def trace(
    home: Path, database: str | None, resource: str, columns: tuple[str, ...], file: Path
) -> None:
    """Say whose copy FILE is (CSV, TSV, Excel or Parquet): a leaked extract, sorted, shortened, a
    sample.

    The chance that anybody is named falsely is below one in a million.
    """
    table = extracts.renamed(extracts.read(file.name, file.read_bytes()), columns)
    settings, _ = opened(home, database=database)
    with migrated(settings.database_url, settings.home) as held:
        ports: dict[type, Any] = {Protection: Protection(settings.home)}
        by = Caller(system("cli"), held, SystemClock(), ports, "cli")
        lang = text.of_terminal(os.environ)
        traced = tracing.trace(by, table, resource, lang)
        leaks.record_trace(by, resource, file.name, traced.trace)
    for one in traced.named:
        fields = asdict(one.found) | {"resource": one.of, "receiver": one.who}
        fields |= {"since": clock.render(one.found.since), "bound": f"{one.found.bound:.1e}"}
        click.echo(text.render("security.watermark_found.receiver", lang, fields))
        for each in one.deliveries:
            click.echo("  {made_at}  {format}  {rows}  {asked_by}  {sha256}".format(**each))
    if not traced.named:
        fields = {"cells": traced.trace.cells, "receivers": traced.trace.receivers}
        click.echo(text.render("security.watermark_found.nobody", lang, fields))
        sys.exit(1)
