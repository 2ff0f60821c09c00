"""What auditors ask of the log of uses."""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from yiwang.security.actions import Context, action, query
from yiwang.security.evidence import export, notes, store
from yiwang.security.evidence.errors import NoEvidence
from yiwang.security.evidence.export import Verdict
from yiwang.security.evidence.log import Log
from yiwang.security.evidence.model import Hashing


@dataclass(frozen=True)
class Proof:
    """A path of hashes in base64, and what it leads between."""

    first: int
    second: int
    hashes: list[str]


@query("evidence.head", permission="sharing.audit")
def show_head(ctx: Context) -> dict[str, str]:
    """The signed head of the log of uses as it is now, and the public key it is signed with."""
    log = ctx.port(Log)
    note = log.seal()
    if note is None:
        raise NoEvidence(number=0, size=0)
    return {"head": note, "key": str(log.verifier())}


@query("evidence.entries", permission="sharing.audit")
def list_entries(ctx: Context, first: int, limit: int) -> list[dict[str, Any]]:
    """Entries from number ``first`` on, with their leaf hashes."""
    about = store.about(ctx.connection)
    if about is None:
        return []
    hashing = Hashing(about[1])
    return [
        {
            "number": number,
            "entry": msgspec.Raw(text.encode()),
            "leaf": b64encode(hashing.leaf(text.encode())).decode(),
        }
        for number, text in store.read(ctx.connection, first, first + limit)
    ]


@query("evidence.inclusion", permission="sharing.audit")
def prove_inclusion(ctx: Context, entry: int, size: int) -> Proof:
    """That an entry is in the log of ``size`` entries (RFC 6962, 2.1.1)."""
    path = ctx.port(Log).inclusion(ctx.connection, entry, size)
    return Proof(entry, size, [b64encode(one).decode() for one in path])


@query("evidence.consistency", permission="sharing.audit")
def prove_consistency(ctx: Context, old: int, new: int) -> Proof:
    """That the log of ``old`` entries is the beginning of that of ``new`` (RFC 6962, 2.1.2)."""
    path = ctx.port(Log).consistency(ctx.connection, old, new)
    return Proof(old, new, [b64encode(one).decode() for one in path])


@query("evidence.check", permission="sharing.audit")
def check_log(ctx: Context) -> Verdict:
    """Read the whole log and hold it against every head that was ever kept."""
    log = ctx.port(Log)
    note = log.signing.last()
    if note is None:
        raise NoEvidence(number=0, size=0)
    lines = export.written(ctx.connection, note, 0)
    return export.verify(lines, [log.verifier()], log.signing.heads())


@query("evidence.export", permission="sharing.audit")
def export_log(ctx: Context, first: int, file: Path) -> int:
    """Write the entries from number ``first`` on, under a head signed now, into a compressed
    file for ``yiwang evidence verify``; how many there are."""
    note = ctx.port(Log).seal()
    head = None if note is None else notes.unverified(note)
    if note is None or head is None or first > head.size:
        raise NoEvidence(number=first, size=0 if head is None else head.size)
    with gzip.open(file, "wb", compresslevel=3) as out:
        for line in export.written(ctx.connection, note, first):
            out.write(line)
    return head.size - first


@action("evidence.record", permission="sharing.audit", audit_verb="evidence.read")
def record_reading(ctx: Context, what: str, entries: int, findings: int) -> None:
    """Write down that somebody exported or checked the log, and what was found."""
    ctx.note(f"evidence:{what}", entries=entries, findings=findings)
