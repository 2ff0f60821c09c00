"""Secrets of webhooks: derived from one key in the home, so that none is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
from pathlib import Path

from yiwang.kernel.clock import DAY, SECOND

PREFIX = "whsec_"
OLD_COUNTS_FOR = DAY
"""How long a message is signed with the old secret too after a new one was made."""


class Keys:
    """Gives the secret of a webhook. Without a file (in tests) the key lasts as long as this."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._key: bytes | None = None
        self._lock = threading.Lock()

    def secret(self, webhook: int, number: int) -> str:
        """``whsec_…``: the ``number``-th secret of a webhook."""
        name = f"webhook:{webhook}:{number}".encode()
        made = hmac.new(self._master(), name, hashlib.sha256).digest()
        return PREFIX + base64.b64encode(made).decode()

    def mark(self, text: str) -> str:
        """What only this home can have written under a text, as hexadecimal digits."""
        return hmac.new(self._master(), f"mark:{text}".encode(), hashlib.sha256).hexdigest()

    def _master(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._read()
            return self._key

    def _read(self) -> bytes:
        if self._file is None:
            return secrets.token_bytes(32)
        if not self._file.is_file():
            self._make(self._file)
        return base64.b64decode(self._file.read_text(encoding="ascii"))

    @staticmethod
    def _make(file: Path) -> None:
        """Whole and on the disk before its name is there: half a key would be another key."""
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(base64.b64encode(secrets.token_bytes(32)).decode())
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)


def sign(secret: str, id: str, seconds: int, body: bytes) -> str:
    """The signature of the specification Standard Webhooks 1.0 (symmetric): ``v1,`` and the
    base64 of HMAC-SHA256 over ``id.seconds.body``."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b"%s.%d.%s" % (id.encode(), seconds, body)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(current: list[str], id: str, now: int, body: bytes) -> dict[str, str]:
    """The three headers of a webhook, signed with each of the secrets that count now."""
    seconds = now // SECOND
    return {
        "webhook-id": id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(sign(one, id, seconds, body) for one in current),
    }
