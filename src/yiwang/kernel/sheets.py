"""A report as tables of cells, the same for a spreadsheet and for paper. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """``sort``: text, count, rate (a share), minutes, days or points. None is unknown."""

    sort: str
    value: Any

    def shown(self) -> str:
        """As people read it: rates in per cent with one decimal."""
        if self.value is None:
            return "–"
        if self.sort == "rate":
            return f"{100 * self.value:.1f}%"
        if self.sort == "minutes":
            return f"{self.value:.0f}"
        if self.sort == "days":
            return f"{self.value:.1f}"
        if self.sort == "points":
            return f"{self.value:.2f}"
        return str(self.value)


@dataclass(frozen=True)
class Sheet:
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
