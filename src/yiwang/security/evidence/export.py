"""Exports of the log, and their verification by whoever has only the file and the public key.

A file is one line of JSON (where it begins, the peaks of the tree before it, a signed head) and
then the entries, each a line exactly as it was hashed.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from sqlalchemy import Connection

from yiwang.kernel import text
from yiwang.security.evidence import model, notes, store
from yiwang.security.evidence.errors import BadEvidence
from yiwang.security.evidence.model import Hashing, Range
from yiwang.security.evidence.notes import BadNote, Head, Verifier

VERSION = 1


class Opening(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from"}):
    """The first line. ``peaks`` are hexadecimal, the largest subtree first."""

    evidence: int
    first: int
    peaks: list[str]
    head: str


@dataclass(frozen=True)
class Finding:
    """What is wrong with an export. ``why``: forged_head, origin, root, missing, extra,
    older_root, older_size, or older_forged."""

    why: str
    entry: int

    def words(self, lang: str) -> str:
        return text.render(f"security.evidence_finding.{self.why}", lang, {"entry": self.entry})


@dataclass
class Verdict:
    """What a verification found: nothing wrong where ``findings`` is empty. ``head`` is None
    where nobody known has signed it; ``older`` counts the heads that it was held against, and up
    to entry ``intact`` they fit."""

    head: Head | None = None
    first: int = 0
    entries: int = 0
    older: int = 0
    intact: int = 0
    findings: list[Finding] = field(default_factory=list)


def written(connection: Connection, note: str, first: int) -> Iterator[bytes]:
    """The lines of an export from entry ``first`` to a signed head of one's own."""
    head = notes.unverified(note)
    before = store.Tree(connection, Hashing(head.algorithm)).range(first)
    opening = Opening(VERSION, first, [peak.hex() for peak in before.peaks], note)
    yield msgspec.json.encode(opening) + b"\n"
    for _, entry in store.read(connection, first, head.size):
        yield entry.encode() + b"\n"


def verify(lines: Iterable[bytes], keys: Sequence[Verifier], older: Iterable[str]) -> Verdict:
    """Hold an export against its signed head, and against heads that were signed before: one
    that is shorter, that was changed, reordered or cut, or that is the other branch of a forked
    log does not fit. Raises BadEvidence where it is no export."""
    rows = iter(lines)
    opening = _opening(next(rows, b""))
    verdict = Verdict(first=opening.first)
    try:
        verdict.head = notes.head(notes.opened(opening.head, keys))
    except BadNote:
        verdict.findings.append(Finding("forged_head", 0))
        return verdict
    head = verdict.head
    earlier = _earlier(older, keys, verdict)
    tree = Range(Hashing(head.algorithm), opening.first, _peaks(opening))
    _hold(tree, earlier, verdict)
    for row in rows:
        if tree.size == head.size:
            verdict.findings.append(Finding("extra", tree.size))
            break
        tree.push(tree.hashing.leaf(row.rstrip(b"\n")))
        verdict.entries += 1
        _hold(tree, earlier, verdict)
    if tree.size < head.size:
        verdict.findings.append(Finding("missing", tree.size))
    elif tree.root() != head.root:
        verdict.findings.append(Finding("root", head.size))
    return verdict


def lines(file: Path) -> Iterator[bytes]:
    """The lines of an export in a file, which may be compressed (gzip). Raises BadEvidence."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if packed else file.open("rb") as opened:
            yield from cast(BinaryIO, opened)
    except (OSError, EOFError) as error:
        raise BadEvidence(str(file), reason=str(error)) from error


def _opening(line: bytes) -> Opening:
    try:
        found = msgspec.json.decode(line, type=Opening)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEvidence(reason=str(error)) from error
    if found.evidence != VERSION or found.first < 0:
        raise BadEvidence(reason=f"evidence: {found.evidence}")
    return found


def _peaks(opening: Opening) -> list[bytes]:
    try:
        found = [bytes.fromhex(peak) for peak in opening.peaks]
    except ValueError as error:
        raise BadEvidence(reason="peaks") from error
    if len(found) != len(model.peaks(opening.first)) or any(len(one) != 32 for one in found):
        raise BadEvidence(reason="peaks")
    return found


def _earlier(
    older: Iterable[str], keys: Sequence[Verifier], verdict: Verdict
) -> dict[int, set[bytes]]:
    """Roots by size of the heads that were signed before."""
    found: dict[int, set[bytes]] = {}
    newest = cast(Head, verdict.head)
    for note in older:
        try:
            head = notes.head(notes.opened(note, keys))
        except BadNote:
            verdict.findings.append(Finding("older_forged", 0))
            continue
        if head.origin != newest.origin or head.algorithm != newest.algorithm:
            verdict.findings.append(Finding("origin", head.size))
        elif head.size > newest.size:
            verdict.findings.append(Finding("older_size", head.size))
        elif head.size >= verdict.first:
            found.setdefault(head.size, set()).add(head.root)
    return found


def _hold(tree: Range, earlier: dict[int, set[bytes]], verdict: Verdict) -> None:
    """Compare with the heads that were signed when the log was as long."""
    for root in earlier.get(tree.size, ()):
        verdict.older += 1
        if tree.root() != root:
            verdict.findings.append(Finding("older_root", tree.size))
        else:
            verdict.intact = tree.size
