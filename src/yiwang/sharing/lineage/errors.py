"""What lineage refuses."""

from __future__ import annotations

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError


class BadRunEvent(YiwangError):
    """Something that is no OpenLineage run event."""

    code: ClassVar[str] = "sharing.lineage.bad_event"
    kind: ClassVar[Kind] = Kind.INVALID
