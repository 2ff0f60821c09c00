"""Keys with which devices encrypt: a file of the home, ``keys/<protocol>.yaml``, with the key of
each address in hexadecimal digits. Unlike secrets they cannot be kept as digests."""

from __future__ import annotations

import logging
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.errors import YiwangError

_log = logging.getLogger(__name__)


class Keys:
    """Reads the file anew when it changes. A key that cannot be read is none, and the log says
    so, without the key."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = -1
        self._keys: dict[str, bytes] = {}

    def get(self, address: str) -> bytes | None:
        try:
            changed = self._file.stat().st_mtime_ns
        except OSError:
            return None
        if changed != self._seen:
            self._seen = changed
            self._keys = _read(self._file)
        return self._keys.get(address)


def _read(file: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        section = documents.load(file)
    except (YiwangError, OSError, UnicodeDecodeError) as error:
        _log.error("%s cannot be read: %s", file, error)
        return found
    for address in section.keys():  # noqa: SIM118
        try:
            found[address] = bytes.fromhex(str(section.raw(address)))
        except ValueError:
            _log.error("%s: the key is not hexadecimal", section.place(address))
    return found
