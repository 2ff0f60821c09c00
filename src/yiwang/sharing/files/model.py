"""Names of files, tus 1.0 headers, ranges of RFC 9110 and headers of RFC 6266: pure."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.files.errors import BadFileName, BadUpload
from yiwang.sharing.grants import model as terms
from yiwang.sharing.grants.model import Grant

KEPT, WITHDRAWN, REPLACED = "kept", "withdrawn", "replaced"
"""``replaced``: newer versions are kept instead; the row stays, its content is gone."""
LONGEST_NAME = 200
MOST_NAME_BYTES = 240
LONGEST_NOTE = 1000
CHECKSUMS = ("sha256", "sha1")
TUS = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})", re.IGNORECASE)
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Kinds of signs that no name holds: control signs, and those that turn what is read around."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a file. ``content``: SHA-256 of what is in it; ``opening``: the release that
    gives it to everybody."""

    id: int
    resource: int
    name: str
    number: int
    size: int
    content: str
    note: str
    state: str
    at: int
    by: str
    ended_at: int | None = None
    ended_by: str = ""
    end_reason: str = ""
    opening: int | None = None


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is on its way. ``sha256``: what the whole must have, empty where nobody said;
    ``version``: what became of it."""

    key: str
    resource: int
    organisation: int
    name: str
    note: str
    size: int
    sha256: str
    at: int
    by: str
    expires_at: int
    version: int | None = None


def name_of(text: str) -> str:
    """The name of a file as it is kept (NFC). Raises BadFileName for one that leads somewhere,
    that shows itself as another one, or that is too long for a file system."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name or name.strip(". ") == "":
        raise BadFileName("name", wanted="1 … 200")
    if len(name) > LONGEST_NAME or len(name.encode("utf-8", "replace")) > MOST_NAME_BYTES:
        raise BadFileName("name", wanted=f"≤ {LONGEST_NAME}")
    if any(sign in "/\\" or unicodedata.category(sign) in _HIDDEN for sign in name):
        raise BadFileName("name", wanted="no / \\ or control signs")
    return name


def metadata(header: str) -> dict[str, str]:
    """``Upload-Metadata`` of tus: keys with base64 values. Raises BadUpload."""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            text = b64decode(value.strip(), validate=True).decode()
        except (BadBase64, ValueError):
            raise BadUpload("Upload-Metadata", name=key[:40], wanted="base64, UTF-8") from None
        if key in found:
            raise BadUpload("Upload-Metadata", name=key[:40], wanted="1 ×")
        found[key] = text
    return found


def whole_number(header: str | None, name: str) -> int:
    """Raises BadUpload."""
    if header is None or not _DIGITS.fullmatch(header):
        raise BadUpload(name, name=name, wanted="0 … 9")
    return int(header)


def sha256_of(text: str) -> str:
    """A checksum in hexadecimal digits, or none. Raises BadUpload."""
    digest = text.strip().lower()
    if digest and not _SHA256.fullmatch(digest):
        raise BadUpload("sha256", name="sha256", wanted="64 × 0-9a-f")
    return digest


def checksum(header: str | None) -> tuple[str, bytes] | None:
    """``Upload-Checksum`` of tus: an algorithm and a digest. Raises BadUpload."""
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    try:
        digest = b64decode(value, validate=True)
    except (BadBase64, ValueError):
        digest = b""
    if algorithm not in CHECKSUMS or not digest:
        wanted = f"{' | '.join(CHECKSUMS)} + base64"
        raise BadUpload("Upload-Checksum", name="Upload-Checksum", wanted=wanted)
    return algorithm, digest


def disposition(name: str) -> str:
    """``Content-Disposition`` of a download (RFC 6266): the name in UTF-8, and in ASCII for old
    clients."""
    plain = _UNSAFE.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def asked_range(header: str | None, size: int) -> tuple[int, int] | None:
    """From which byte to before which one a request wants (RFC 9110, 14.1.2). The whole, None,
    also for several ranges and for what is none, which a server may leave aside (14.2); an empty
    one (0, 0) where nothing of it is there (416)."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else (0, 0)
    start, end = int(first), int(last) + 1 if last else size
    if end <= start and last:
        return None
    return (start, min(end, size)) if start < size else (0, 0)


def applies(if_range: str | None, etag: str) -> bool:
    """Whether a range may be given: what the client has a part of is still this content."""
    return if_range is None or if_range.strip() == etag


def unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has this content already."""
    if if_none_match is None:
        return False
    named = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return etag in named or "*" in named


def uncovered(grant: Grant, resource: Resource, shows: Callable[[str], bool]) -> list[str]:
    """What a grant does not give of a file, which holds all rows and plain values: columns that
    are missing or masked, and ``rows`` where it gives some of them alone. ``shows``: whether the
    mask of a label leaves values as they are."""
    shared = [item for item in resource.items if item.shared]
    found = [
        item.column
        for item in shared
        if item.column not in grant.terms.fields
        or (terms.masked(item, grant) and not shows(item.label))
    ]
    return [*found, *(["rows"] if grant.terms.rows else [])]


def units(size: int, given: int, more: int) -> int:
    """How often a file counts for ``more`` bytes of it when ``given`` were given today: once for
    each time that its length begins."""
    return -(-(given + more) // size) - -(-given // size)


def surplus(numbers: Mapping[int, int], kept: int) -> list[int]:
    """Ids of versions beyond the newest ``kept`` ones; ``numbers`` are those by id."""
    newest = sorted(numbers, key=lambda id: -numbers[id])
    return newest[kept:]
