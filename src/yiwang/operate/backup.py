"""Backup and restore of a home, while it runs or not.

A backup is one gzip-compressed tar file: the signed heads of the log of uses, the database as of
one instant, then the observation log, then the segments, then blobs, city inputs and keys, and
last a list with the SHA-256 of every file. The order makes it consistent: the database knows how
far into the log it has got, and rows that compaction moved meanwhile are recognised by their
numbers.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy.engine import make_url

from yiwang import __version__
from yiwang.kernel.clock import Clock, render
from yiwang.kernel.settings import Settings
from yiwang.operate import errors
from yiwang.sensing.still import held_still
from yiwang.sharing.files.contents import SEALED

LIST = "yiwang-backup.json"
ORDER = ("observations/log", "observations", "blobs", "shared/contents", "city", "packs", "keys")

EARLY = ("evidence",)
"""Before the database, so that no signed head is newer than what it is over."""

Progress = Callable[[str, int], None]


def backup(settings: Settings, target: Path, clock: Clock, progress: Progress) -> int:
    """Write a backup of the settings' home to ``target``; returns its size in bytes.

    Nothing is left behind when it fails. Raises NoHome, ToolMissing.
    """
    home = settings.home
    if not (home / "observations").is_dir():
        raise errors.NoHome(str(home))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    sums: dict[str, str] = {}
    try:
        with (
            held_still(home / "observations"),
            tempfile.TemporaryDirectory(dir=target.parent) as work,
            tarfile.open(partial, "w:gz", compresslevel=1) as archive,
        ):
            for path in _files(home, EARLY):
                _add(archive, path, str(path.relative_to(home)), sums, progress)
            for name, file in (_database(settings, Path(work)), *_datasets(settings, Path(work))):
                _add(archive, file, name, sums, progress)
            for path in _files(home, ORDER):
                _add(archive, path, str(path.relative_to(home)), sums, progress)
            _close(archive, sums, clock)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def restore(source: Path, home: Path, database: str, progress: Progress) -> None:
    """Unpack a backup into a folder that is empty or absent, checking every file.

    ``database`` is the URL of an empty PostgreSQL database for a backup made of one. Raises
    HomeNotEmpty, NotABackup, BackupDamaged, BackupNewer, ToolMissing; then nothing is left.
    """
    if home.exists() and any(home.iterdir()):
        raise errors.HomeNotEmpty(str(home))
    work = home.with_name(f".{home.name}.restoring")
    shutil.rmtree(work, ignore_errors=True)
    try:
        _unpack(source, work, progress)
        dump = work / "database.sql"
        if dump.exists():
            _run("psql", [database.replace("+psycopg", ""), "-q", "-v", "ON_ERROR_STOP=1"], dump)
            dump.unlink()
        if home.exists():
            home.rmdir()
        work.rename(home)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _database(settings: Settings, work: Path) -> tuple[str, Path]:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return "yiwang.db", _copied(Path(str(url.database)), work / "yiwang.db")
    dump = work / "database.sql"
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    _run("pg_dump", ["--no-owner", "--no-privileges", "-f", str(dump), plain])
    return "database.sql", dump


def _datasets(settings: Settings, work: Path) -> list[tuple[str, Path]]:
    """The tables that are kept for resources, where they are in the home."""
    file = settings.home / "datasets.db"
    if settings.datasets or not file.is_file():
        return []
    return [(file.name, _copied(file, work / file.name))]


def _copied(file: Path, copy: Path) -> Path:
    """A SQLite database as of one instant."""
    source = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        source.execute("VACUUM INTO ?", (str(copy),))
    finally:
        source.close()
    return copy


def _run(tool: str, arguments: list[str], stdin: Path | None = None) -> None:
    program = shutil.which(tool)
    if program is None:
        raise errors.ToolMissing(tool=tool, package="apt install postgresql-client")
    given = stdin.open("rb") if stdin else None
    try:
        done = subprocess.run(
            [program, *arguments], stdin=given, capture_output=True, text=True, check=False
        )
    finally:
        if given:
            given.close()
    if done.returncode:
        raise errors.BackupDamaged(tool, problem=done.stderr.strip())


def _files(home: Path, folders: Sequence[str]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        for path in sorted((home / folder).rglob("*")):
            there = path.is_file() or not path.exists()  # gone, or sealed, since it was listed
            if there and path not in seen and not path.name.endswith((".part", ".tmp")):
                seen.add(path)
                yield path
    settings = home / "yiwang.yaml"
    if settings.is_file() and folders is ORDER:
        yield settings


def _add(
    archive: tarfile.TarFile, path: Path, name: str, sums: dict[str, str], progress: Progress
) -> None:
    """Add what the file holds now; a log file may grow, or go when compaction is done with it, and
    a content may have been sealed meanwhile."""
    try:
        content = path.open("rb")
    except FileNotFoundError:
        sealed = path.with_name(path.name + SEALED)
        if path.suffix != SEALED and sealed.exists():
            _add(archive, sealed, name + SEALED, sums, progress)
        return
    with content:
        found = os.fstat(content.fileno())
        size = found.st_size
        info = tarfile.TarInfo(name)
        info.size, info.mtime = size, int(found.st_mtime)
        info.mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        reader = _Hashing(content)
        archive.addfile(info, reader)
        sums[name] = reader.digest.hexdigest()
    progress(name, size)


class _Hashing:
    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._content.read(size)
        self.digest.update(part)
        return part


def _close(archive: tarfile.TarFile, sums: dict[str, str], clock: Clock) -> None:
    body = {"version": __version__, "made_at": render(clock.now()), "files": sums}
    content = msgspec.json.encode(body)
    info = tarfile.TarInfo(LIST)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _unpack(source: Path, work: Path, progress: Progress) -> None:
    found: dict[str, str] = {}
    listed: dict[str, Any] | None = None
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None:
                    continue
                if member.name == LIST:
                    listed = msgspec.json.decode(content.read())
                    continue
                found[member.name] = _write(member, content, work)
                progress(member.name, member.size)
    except (tarfile.TarError, EOFError, OSError, zlib.error, msgspec.DecodeError) as error:
        if listed is None and not found:
            raise errors.NotABackup(str(source)) from error
        raise errors.BackupDamaged(str(source), problem=str(error)) from error
    if listed is None:
        raise errors.NotABackup(str(source))
    if _number(listed["version"]) > _number(__version__):
        raise errors.BackupNewer(str(source), found=listed["version"], known=__version__)
    if found != listed["files"]:
        differ = sorted(set(found.items()) ^ set(listed["files"].items()))[0][0]
        raise errors.BackupDamaged(str(source), problem=f"{differ} is not as it was written")


def _write(member: tarfile.TarInfo, content: IO[bytes], work: Path) -> str:
    """Write one file below ``work``, with its time; returns its sum. Not ``tarfile.extract``:
    Pythons of some distributions, Debian 12's for one, cannot have it refuse what lies outside."""
    place = (work / member.name).resolve()
    if not place.is_relative_to(work.resolve()):
        raise tarfile.ExtractError(f"{member.name} lies outside")
    place.parent.mkdir(parents=True, exist_ok=True)
    read = _Hashing(content)
    with place.open("wb") as file:
        shutil.copyfileobj(read, file)
    place.chmod((member.mode & 0o755) | 0o600)
    os.utime(place, (member.mtime, member.mtime))
    return read.digest.hexdigest()


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
