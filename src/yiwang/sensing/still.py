"""Keeping the files of observations still while another process copies them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = ".still"


@contextmanager
def held_still(folder: Path) -> Iterator[None]:
    """While this is held, files in ``folder`` (HOME/observations) are neither rewritten nor
    deleted, whichever process runs the home; the log may grow. Waits for a rewrite under way."""
    with (folder / _NAME).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def changing(folder: Path) -> Iterator[bool]:
    """For who rewrites or deletes files: whether it may do so now."""
    with (folder / _NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
