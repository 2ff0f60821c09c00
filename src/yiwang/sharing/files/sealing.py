"""Files that lie encrypted in the home, and are read from any place.

A sealed file is ``MARK``, the length of what follows in two bytes, the file's own key as
``FieldKeys`` seals it for the place where the file lies, and then its content in pieces of 64 KiB.
The pieces are those of the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár 2015) as
age v1 has it: AES-256-GCM or SM4-GCM with a key that no other file has, the nonce being the number
of the piece and whether it is the last one. So nothing is changed, moved, doubled or cut off
unseen, and the key that seals others is in ``keys/`` of the home, away from both.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import GCM

from yiwang.security.protection.errors import SealBroken
from yiwang.security.protection.sealing import CIPHERS, FieldKeys, algorithm
from yiwang.security.protection.sealing import MARK as FIELD_MARK

MARK = b"yiwang sealed 1\n"
PIECE = 64 * 1024
TAG = 16
_LENGTH = 2


def seal(source: BinaryIO, target: Path, keys: FieldKeys, place: str) -> None:
    """Write what a file holds, sealed for a place and durable; ``target`` is a new file, also
    where there was one: that may be a kept content by another name."""
    cipher = keys.cipher()
    _, size = CIPHERS[cipher]
    own = secrets.token_bytes(size)
    sealed = keys.seal(f"{cipher}:{own.hex()}", place)
    with _fresh(target) as out:
        out.write(head(sealed))
        for number, last, piece in _pieces(source):
            out.write(_sealed(cipher, own, number, last, piece))
        _settled(out)


def reseal(source: Path, target: Path, keys: FieldKeys, place: str) -> None:
    """Write a sealed file once more with its own key sealed by the current one; the content is
    copied as it lies. Raises NoFieldKey, SealBroken."""
    with source.open("rb") as file, _fresh(target) as out:
        out.write(head(keys.seal(keys.open(wrapped(file, place), place), place)))
        while data := file.read(16 * PIECE):
            out.write(data)
        _settled(out)


def is_current(file: Path, keys: FieldKeys, place: str) -> bool:
    """Whether the current key sealed a file's own one. Raises SealBroken."""
    with file.open("rb") as held:
        return keys.is_current(wrapped(held, place))


def key_of(file: Path, place: str) -> str:
    """The name of the key without which a file does not open. Raises SealBroken."""
    with file.open("rb") as held:
        mark, name, _ = [*wrapped(held, place).split(":", 2), "", ""][:3]
    if mark != FIELD_MARK:
        raise SealBroken(place=place)
    return name


def opened(file: BinaryIO, keys: FieldKeys, place: str) -> BinaryIO:
    """What a sealed file holds, to be read from any place. The end is looked at now: a file that
    was cut off does not open. Raises NoFieldKey, SealBroken, also while it is read."""
    try:
        return io.BufferedReader(_Reader(file, keys, place), PIECE)
    except BaseException:
        file.close()
        raise


class _Reader(io.RawIOBase):
    def __init__(self, file: BinaryIO, keys: FieldKeys, place: str) -> None:
        self._file, self._place = file, place
        cipher, _, own = keys.open(wrapped(file, place), place).partition(":")
        self._cipher, self._key = cipher, bytes.fromhex(own)
        self._start = file.tell()
        body = os.fstat(file.fileno()).st_size - self._start
        self._last = max(0, -(-body // (PIECE + TAG)) - 1)
        self._size = body - (self._last + 1) * TAG
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        self._piece(self._last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted, done = memoryview(buffer).cast("B"), 0
        while done < len(wanted) and self._at < self._size:
            number, begin = divmod(self._at, PIECE)
            part = self._piece(number)[begin : begin + len(wanted) - done]
            wanted[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        return done

    def close(self) -> None:
        self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(self._start + number * (PIECE + TAG))
            sealed = self._file.read(PIECE + TAG)
            try:
                plain = _plain(self._cipher, self._key, number, number == self._last, sealed)
            except (InvalidTag, ValueError) as error:
                raise SealBroken(place=self._place) from error
            self._held = (number, plain)
        return self._held[1]


def _pieces(source: BinaryIO) -> Iterator[tuple[int, bool, bytes]]:
    """Pieces with their numbers and which is the last; of an empty file one that is empty."""
    number, piece = 0, source.read(PIECE)
    while True:
        following = source.read(PIECE) if len(piece) == PIECE else b""
        yield number, not following, piece
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def _sealed(cipher: str, key: bytes, number: int, last: bool, piece: bytes) -> bytes:
    whole = Cipher(algorithm(cipher, key), GCM(_nonce(number, last))).encryptor()
    return whole.update(piece) + whole.finalize() + whole.tag


def _plain(cipher: str, key: bytes, number: int, last: bool, sealed: bytes) -> bytes:
    body, tag = sealed[:-TAG], sealed[-TAG:]
    whole = Cipher(algorithm(cipher, key), GCM(_nonce(number, last), tag)).decryptor()
    return whole.update(body) + whole.finalize()


def head(sealed: str, mark: bytes = MARK) -> bytes:
    """How a file begins whose own key is ``sealed``."""
    text = sealed.encode()
    return mark + len(text).to_bytes(_LENGTH) + text


def wrapped(file: BinaryIO, place: str, mark: bytes = MARK) -> str:
    """The file's own key, sealed; the file stands behind it then. Raises SealBroken."""
    start = file.read(len(mark) + _LENGTH)
    length = int.from_bytes(start[len(mark) :])
    text = file.read(length)
    if not start.startswith(mark) or len(start) != len(mark) + _LENGTH or len(text) != length:
        raise SealBroken(place=place)
    return text.decode("utf-8", "replace")


def _fresh(target: Path) -> BinaryIO:
    target.unlink(missing_ok=True)
    return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _settled(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())
