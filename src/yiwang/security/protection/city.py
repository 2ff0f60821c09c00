"""What a city protects its data with: its labels, and its master key outside of the database."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path

from yiwang.security.protection import labels
from yiwang.security.protection.labels import Labels
from yiwang.security.protection.masking import Masker
from yiwang.security.protection.masks import PLAIN, SUPPRESS, Mask


class Protection:
    """The protection of one home. Labels and key are read when they are first wanted."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @cached_property
    def labels(self) -> Labels:
        """Raises a DocumentError for a ``city/labels.yaml`` that is wrong."""
        return labels.load(self._home)

    @cached_property
    def _master(self) -> bytes:
        return _key(self._home / "keys" / "protection.key")

    def secret(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose (``mask:city``, ``mask:receiver:12``, ``watermark``):
        who has one of them knows nothing of the others."""
        return hmac.new(self._master, purpose.encode(), hashlib.sha256).digest()

    def mask(self, label: str) -> Mask:
        """How a column with this label is shown: plainly where it has none, not at all where
        nobody knows the label."""
        if not label:
            return PLAIN
        found = self.labels.get(label)
        return SUPPRESS if found is None else found.mask

    def masker(self, mask: Mask, receiver: str, column: str = "") -> Masker:
        """A mask for one receiver: pseudonyms and noise are that receiver's own, unless the mask
        says that they are the city's."""
        scope = "city" if mask.scope == "city" else f"receiver:{receiver}"
        return Masker(mask, self.secret(f"mask:{scope}"), column)


def _key(file: Path) -> bytes:
    """``keys/protection.key``, made when it is first wanted: whole and durable before its name is
    there. Without it pseudonyms cannot be undone and leaks cannot be traced."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    return bytes.fromhex(file.read_text(encoding="ascii"))
