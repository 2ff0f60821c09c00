"""Signed tree heads as notes that people can read and other tools verify: the formats
``signed-note`` and ``tlog-checkpoint`` of C2SP, with Ed25519. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_MARK = "— "


class BadNote(ValueError):
    """A note, head or key that is none, or that nobody known has signed."""


@dataclass(frozen=True)
class Verifier:
    """A public key with the name it signs under; as text ``name+id+key``."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"


def verifier(text: str) -> Verifier:
    """Read the text of a public key. Raises BadNote."""
    parts = text.strip().split("+", 2)
    try:
        name, number, key = parts[0], bytes.fromhex(parts[1]), _decoded(parts[2])
    except (IndexError, ValueError) as error:
        raise BadNote("key") from error
    made = Verifier(name, key[1:])
    if key[:1] != _ED25519 or len(key) != 33 or made.id != number or not name:
        raise BadNote("key")
    return made


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note: the text, which ends with a line's end, and one line with the signature."""
    made = Verifier(name, key.public_key().public_bytes_raw())
    signature = base64.b64encode(made.id + key.sign(text.encode())).decode()
    return f"{text}\n{_MARK}{name} {signature}\n"


def opened(note: str, known: Iterable[Verifier]) -> str:
    """The text of a note that one of the known keys has signed. Raises BadNote."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap:
        raise BadNote("note")
    text += "\n"
    keys = list(known)
    for line in signatures.splitlines():
        name, _, value = line.removeprefix(_MARK).partition(" ")
        if not line.startswith(_MARK):
            raise BadNote("note")
        signature = _decoded(value)
        if any(_signed(one, name, signature, text) for one in keys):
            return text
    raise BadNote("signature")


def _signed(key: Verifier, name: str, signature: bytes, text: str) -> bool:
    if key.name != name or signature[:4] != key.id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature[4:], text.encode())
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Head:
    """The state of a log at an instant (microseconds): how many entries, and their root."""

    origin: str
    size: int
    root: bytes
    at: int
    algorithm: str

    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.at}\nhash {self.algorithm}\n"


def head(text: str) -> Head:
    """Read the text of a head. Raises BadNote."""
    lines = text.splitlines()
    extra = dict(line.partition(" ")[::2] for line in lines[3:])
    try:
        size, at = int(lines[1]), int(extra["time"])
        made = Head(lines[0], size, _decoded(lines[2]), at, extra["hash"])
    except (IndexError, KeyError, ValueError) as error:
        raise BadNote("head") from error
    if size < 0 or len(made.root) != 32 or made.text() != text:
        raise BadNote("head")
    return made


def unverified(note: str) -> Head:
    """The head in a note of one's own. Raises BadNote."""
    return head(note.rpartition("\n\n")[0] + "\n")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadNote("base64") from error
