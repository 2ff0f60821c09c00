"""Encryption to a receiver in the format of age (age-encryption.org/v1), which ``age`` and
``rage`` open with the receiver's private key. The platform holds public keys alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage

from yiwang.sharing.files.errors import BadFileKey

SUFFIX = ".age"
MOST_SIGNS = 2000
_PRIVATE = re.compile(r"AGE-SECRET-KEY|PRIVATE KEY", re.IGNORECASE)


def recipient(text: str) -> str:
    """A public key in one form: ``age1…``, or ``ssh-ed25519 …`` or ``ssh-rsa …`` without its
    comment. Raises BadFileKey, also for a private key, which then is one no longer."""
    if _PRIVATE.search(text):
        raise BadFileKey("recipient", why="private")
    words = text.split()
    if not words or len(text) > MOST_SIGNS:
        raise BadFileKey("recipient", why="form")
    plain = words[0] if words[0].startswith("age1") else " ".join(words[:2])
    try:
        _read(plain)
    except pyrage.RecipientError:
        raise BadFileKey("recipient", why="form") from None
    return plain


def fingerprint(plain: str) -> str:
    """What a key is called in the log: the SHA-256 of its public text."""
    return hashlib.sha256(plain.encode()).hexdigest()


def encrypt(source: BinaryIO, target: Path, recipients: Sequence[str]) -> None:
    """Write a file that each of the recipients opens, a piece at a time."""
    keys = [_read(one) for one in recipients]
    with target.open("wb") as sealed:
        pyrage.encrypt_io(source, sealed, keys)


def _read(plain: str) -> pyrage.x25519.Recipient | pyrage.ssh.Recipient:
    kind = pyrage.x25519 if plain.startswith("age1") else pyrage.ssh
    return kind.Recipient.from_str(plain)
