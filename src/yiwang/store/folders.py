"""Folders of the home."""

from __future__ import annotations

import os
from pathlib import Path


def settled(folder: Path) -> None:
    """Names in a folder are durable when this returns."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
