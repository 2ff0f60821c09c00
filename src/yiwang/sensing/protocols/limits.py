"""What one client may ask of a listener of a field protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from yiwang.kernel.settings import Settings


@dataclass(frozen=True)
class Limits:
    """An adapter takes these and replaces what its protocol needs otherwise."""

    connections: int = 20_000
    per_address: int = 2_000
    """Connections from one address: devices of one carrier often share it."""
    frame_bytes: int = 64 * 1024
    """Bytes of an unfinished frame at which the connection is cut."""
    first_frame_s: float = 30.0
    """Time from connecting to the first complete frame."""
    frame_s: float = 30.0
    """Time from the first byte of a frame to its last."""
    idle_s: float = 3900.0
    """Silence after which a connection is taken for lost: over an hour, because many devices
    say something once an hour."""
    frames_per_s: float = 200.0
    """Frames of one connection beyond which its reading is paused for a while."""
    window: int = 64
    """Frames of one connection that may be read and not yet durable; then reading is paused."""
    all_waiting: int = 50_000
    """Frames of all connections not yet durable at which everyone's reading is paused."""
    junk: int = 16
    """Pieces that are no frame, and wrong secrets, after which the connection is cut."""
    doubt_s: float = 0.5
    """How long a client waits after a wrong secret."""
    unread_bytes: int = 64 * 1024
    unread_s: float = 60.0
    """How long a client may leave our answers unread."""
    sweep_s: float = 1.0
    """How often the times above are looked at."""
    closing_s: float = 10.0
    """How long closing waits for what was taken to be durable."""

    def within(self, settings: Settings) -> Limits:
        """These, but for what the settings say otherwise."""
        said: dict[str, float] = {
            "connections": settings.field_connections,
            "per_address": settings.field_connections_per_address,
            "frames_per_s": settings.field_frames_per_s,
            "first_frame_s": settings.field_first_frame_s,
            "frame_s": settings.field_frame_s,
            "idle_s": settings.field_idle_s,
            "unread_s": settings.field_unread_s,
        }
        given: Any = {name: value for name, value in said.items() if value}
        return replace(self, **given)
