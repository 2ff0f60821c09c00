"""Fields that are encrypted at rest, with keys that are not in the database.

A sealed value is text: ``y1:KEY:`` and then, in base64, nonce, ciphertext and tag of AES-256-GCM or
SM4-GCM (GB/T 32907). It is bound to its place (table, column, row): moved to another row it does
not open.
"""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident

import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section
from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.store import folders

CIPHERS = {"aes-256-gcm": (AES256, 32), "sm4-gcm": (SM4, 16)}
MARK = "y1"
"""Begins every sealed value."""
_NONCE, _TAG = 12, 16


def algorithm(cipher: str, key: bytes) -> BlockCipherAlgorithm:
    """One of ``CIPHERS`` with its key."""
    kind, _ = CIPHERS[cipher]
    return kind(key)


@dataclass(frozen=True)
class FieldKey:
    """One key by its name; names are never used twice."""

    name: str
    cipher: str
    key: bytes

    def seal(self, plain: bytes, place: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        whole = Cipher(algorithm(self.cipher, self.key), GCM(nonce)).encryptor()
        whole.authenticate_additional_data(place)
        return nonce + whole.update(plain) + whole.finalize() + whole.tag

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Raises InvalidTag or ValueError for anything that was not sealed so."""
        nonce, tag = sealed[:_NONCE], sealed[-_TAG:]
        whole = Cipher(algorithm(self.cipher, self.key), GCM(nonce, tag)).decryptor()
        whole.authenticate_additional_data(place)
        return whole.update(sealed[_NONCE:-_TAG]) + whole.finalize()


class FieldKeys:
    """The keys of one home, ``keys/fields.yaml``; the first is made when it is first wanted.

    Old keys stay, so that what they sealed still opens; ``rotate`` makes a new current one. A file
    that another process has written is taken up.
    """

    def __init__(self, home: Path, cipher: str = "aes-256-gcm") -> None:
        self._file = home / "keys" / "fields.yaml"
        self._cipher = cipher
        self._keys: Mapping[str, FieldKey] = {}
        self._current = ""
        self._read_at: int | None = None
        self._digesting: dict[str, bytes] = {}
        """The keys of digests, by column."""

    def current(self) -> str:
        """The name of the key that seals."""
        self._refresh()
        if not self._current:
            self._begin()
        return self._current

    def cipher(self) -> str:
        """How the current key seals, one of ``CIPHERS``."""
        name = self.current()
        return self._keys[name].cipher

    def names(self) -> list[str]:
        self._refresh()
        return list(self._keys)

    def seal(self, value: str, place: str) -> str:
        """``place`` names table, column and row, such as ``people.phone:812``."""
        name = self.current()
        key = self._keys[name]
        sealed = key.seal(value.encode(), place.encode())
        return f"{MARK}:{key.name}:{b64encode(sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """What was sealed at this place. Raises NoFieldKey, SealBroken."""
        mark, name, body = [*sealed.split(":", 2), "", ""][:3]
        if mark != MARK:
            raise SealBroken(place=place)
        self._refresh()
        key = self._keys.get(name)
        if key is None:
            raise NoFieldKey(key=name)
        try:
            return key.open(b64decode(body, validate=True), place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken(place=place) from error

    def digest(self, value: str, column: str) -> str:
        """By what a sealed value is found: the same for the same value of a column, and nothing
        without the first key, which therefore stays for ever."""
        self.current()
        own = self._digesting.get(column)
        if own is None:
            first = next(iter(self._keys.values())).key
            own = hmac.digest(first, b"digest\x00" + column.encode(), "sha256")
            self._digesting[column] = own
        return hmac.digest(own, value.encode(), "sha256").hex()

    def is_current(self, sealed: str) -> bool:
        return sealed.startswith(f"{MARK}:{self.current()}:")

    def rotate(self, name: str) -> None:
        """Make a new key, which seals from now on. Raises NotAllowed for a name that is taken
        or holds more than Latin letters, digits, points and hyphens."""
        self._refresh()
        plain = name.replace("-", "").replace(".", "")
        if name in self._keys or not (plain.isascii() and plain.isalnum()):
            raise NotAllowed(str(self._file), key="name", value=name, options="A-Z a-z 0-9 . -")
        _written(self._file, name, [*self._keys.values(), self._made(name)]).replace(self._file)
        folders.settled(self._file.parent)
        self._read_at = -1
        self._refresh()

    def _begin(self) -> None:
        """The first key, once: of several that want it at the same time one makes it. It outlives
        the power before anything is sealed with it."""
        fresh = _written(self._file, "1", [self._made("1")])
        with suppress(FileExistsError):
            os.link(fresh, self._file)
        fresh.unlink()
        for folder in (self._file.parent, self._file.parent.parent):
            folders.settled(folder)
        self._refresh()

    def _made(self, name: str) -> FieldKey:
        _, size = CIPHERS[self._cipher]
        return FieldKey(name, self._cipher, secrets.token_bytes(size))

    def _refresh(self) -> None:
        """Asked for every value: one call to the system, and no more."""
        try:
            written: int | None = os.stat(self._file).st_mtime_ns
        except FileNotFoundError:
            written = None
        if written != self._read_at:
            self._current, self._keys = _read(documents.load(self._file))
            self._read_at = written
            self._digesting = {}


def _read(top: Section) -> tuple[str, dict[str, FieldKey]]:
    """Raises a DocumentError; it never repeats a key."""
    found = {}
    for name, body in top.section("keys").sections():
        cipher = body.choice("cipher", tuple(CIPHERS))
        text = body.text("key")
        body.finish()
        size = CIPHERS[cipher][1]
        if len(text) != size * 2 or set(text) - set("0123456789abcdef"):
            raise NotAllowed(
                body.place("key"), key="key", value="…", options=f"{size * 2} × 0-9a-f"
            )
        found[name] = FieldKey(name, cipher, bytes.fromhex(text))
    current = str(top.raw("current"))
    top.finish()
    if current not in found:
        raise NotAllowed(
            top.place("current"), key="current", value=current, options=", ".join(found)
        )
    return current, found


def _written(file: Path, current: str, keys: list[FieldKey]) -> Path:
    """A file beside, whole and durable, that is to take the old one's place."""
    listed = {one.name: {"cipher": one.cipher, "key": one.key.hex()} for one in keys}
    text = yaml.safe_dump({"current": current, "keys": listed}, sort_keys=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.{get_ident()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return fresh
