"""What can go wrong with the log of uses."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class EvidenceBroken(YiwangError):
    """The log is not what was signed: cut, changed, or with another key. Nothing is signed any
    more until somebody has looked."""

    code: ClassVar[str] = "security.evidence_broken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoEvidence(YiwangError):
    """There is no entry, size or head of this number."""

    code: ClassVar[str] = "security.no_evidence"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadEvidence(YiwangError):
    """A file or key that is no export, head or public key of a log."""

    code: ClassVar[str] = "security.bad_evidence"
    kind: ClassVar[Kind] = Kind.INVALID


class TooMuchEvidence(YiwangError):
    """More uses wait to be written than are kept waiting."""

    code: ClassVar[str] = "security.too_much_evidence"
    kind: ClassVar[Kind] = Kind.TOO_MANY
