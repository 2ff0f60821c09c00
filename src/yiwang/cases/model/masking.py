"""What those see of personal data who may not see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SHORT = 6
_HIDDEN = ("first_name", "last_name", "device_id", "account_id")


def masked(number: str) -> str:
    """What those see who may not see a number: its last two digits, of a short one nothing."""
    return "" if not number else "****" + (number[-2:] if len(number) > _SHORT else "")


def masked_email(email: str) -> str:
    name, at, host = email.rpartition("@")
    return f"{name[:1]}****@{host}" if at else "****" * bool(email)


def contact(row: Mapping[Any, Any], whole: bool) -> dict[str, Any]:
    """How a reporter is reached; not ``whole``, so much that one knows who is who."""
    kept = {name: value for name, value in row.items() if name not in ("id", "token")}
    if whole:
        return kept
    hidden = {name: "****" * bool(kept[name]) for name in _HIDDEN}
    return kept | hidden | {"phone": masked(kept["phone"]), "email": masked_email(kept["email"])}
