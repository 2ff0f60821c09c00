"""What works with a source: told by the parts that do, which this one does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True)
class Use:
    """``sort``: job or resource; ``key``: by which it is found."""

    sort: str
    key: str
    name: str


class Uses(Protocol):
    """A port."""

    def of(self, connection: Connection, source: str) -> list[Use]:
        """The jobs and resources that a source serves."""
        ...
