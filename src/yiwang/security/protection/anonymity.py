"""How easily people in a table are known again, and how coarse it must be that they are not.

k-anonymity: every row looks like at least ``k - 1`` others in what others may know of a person (the
quasi-identifiers). l-diversity: in every such group a sensitive column has ``l`` values or more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.security.protection.masking import Masker
from yiwang.security.protection.masks import PLAIN, SUPPRESS, Mask

LADDERS: Mapping[str, tuple[Mask, ...]] = {
    "birth_date": tuple(Mask("generalise", to=one) for one in ("month", "year", "decade")),
    "home_address": tuple(
        Mask("generalise", to=one) for one in ("town", "district", "city", "province")
    ),
    "division": tuple(Mask("generalise", to="digits", width=one) for one in (4, 2)),
    "longitude": tuple(Mask("generalise", to="decimals", width=one) for one in (3, 2, 1, 0)),
    "latitude": tuple(Mask("generalise", to="decimals", width=one) for one in (3, 2, 1, 0)),
    "income": tuple(
        Mask("generalise", to="range", width=one) for one in (1000, 5000, 20000, 100000)
    ),
}
"""Ever coarser masks by label; behind the last one comes nothing at all."""

_Codes = Any
"""A number for every row, the same where rows show the same."""


@dataclass(frozen=True)
class Risk:
    """``k``: rows of the smallest group; ``unique``: rows that are alone; ``below``: rows in
    groups that are smaller, or less diverse, than was asked for; ``diversity``: of each sensitive
    column, the fewest distinct values in a group."""

    rows: int
    groups: int
    k: int
    unique: int
    below: int
    diversity: Mapping[str, int]


@dataclass(frozen=True)
class Plan:
    """Masks by column after which every row that is not left out hides among enough others.
    ``left_out`` counts the rows that must go; ``met`` is False where even the coarsest table asks
    for more than was allowed."""

    masks: Mapping[str, Mask]
    left_out: int
    met: bool
    risk: Risk


@dataclass(frozen=True)
class Wanted:
    """``diversity`` is l; ``most_left_out``: the share of rows that may be left out instead of
    making all of them coarser."""

    k: int = 5
    diversity: int = 1
    most_left_out: float = 0.02


def measured(
    table: pa.Table,
    quasi: Sequence[str],
    sensitive: Sequence[str] = (),
    wanted: Wanted | None = None,
) -> Risk:
    """The risk of a table as it is. Raises KeyError for no such column."""
    codes = _joined([_coded(table[name]) for name in quasi], table.num_rows)
    return _risk(codes, _sensitive(table, sensitive), wanted or Wanted())


def proposed(
    table: pa.Table,
    ladders: Mapping[str, Sequence[Mask]],
    sensitive: Sequence[str] = (),
    wanted: Wanted | None = None,
) -> Plan:
    """The least coarse masks found that give what is wanted. ``ladders``: for each
    quasi-identifier ever coarser masks.

    It climbs the ladder that helps most, a step at a time, and then takes back every step that is
    not needed: none of the masks it proposes can be finer by a step while the others stay. It is
    not always the best plan there is: finding that takes time that grows with the product of all
    ladders.
    """
    asked = wanted or Wanted()
    search = _Search(table, ladders, _sensitive(table, sensitive), asked)
    found = search.climbed()
    risk = search.risk(found)
    masks = {name: search.steps[name][step] for name, step in found.items()}
    met = risk.below <= search.most
    return Plan(masks, risk.below, met, risk)


def released(
    table: pa.Table, plan: Plan, sensitive: Sequence[str] = (), wanted: Wanted | None = None
) -> pa.Table:
    """The table as it may be opened: columns masked, rows that still stand out left out."""
    asked = wanted or Wanted()
    made = table
    for name, mask in plan.masks.items():
        shown = Masker(mask, b"").values(table[name])
        made = made.set_column(made.schema.get_field_index(name), name, shown)
    codes = _joined([_coded(made[name]) for name in plan.masks], made.num_rows)
    return made.filter(pa.array(~_standing_out(codes, _sensitive(made, sensitive), asked)))


class _Search:
    """The rows of a table at every step of every ladder."""

    def __init__(
        self,
        table: pa.Table,
        ladders: Mapping[str, Sequence[Mask]],
        sensitive: Mapping[str, _Codes],
        wanted: Wanted,
    ) -> None:
        self.steps = {name: (PLAIN, *each, SUPPRESS) for name, each in ladders.items()}
        self.most = int(table.num_rows * wanted.most_left_out)
        self._rows, self._wanted, self._sensitive = table.num_rows, wanted, sensitive
        self._codes = {
            name: [_coded(Masker(mask, b"").values(table[name])) for mask in each]
            for name, each in self.steps.items()
        }
        self._known: dict[tuple[int, ...], Risk] = {}

    def risk(self, node: Mapping[str, int]) -> Risk:
        key = tuple(node[name] for name in self.steps)
        if key not in self._known:
            parts = [self._codes[name][step] for name, step in node.items()]
            codes = _joined(parts, self._rows)
            self._known[key] = _risk(codes, self._sensitive, self._wanted)
        return self._known[key]

    def climbed(self) -> dict[str, int]:
        node = dict.fromkeys(self.steps, 0)
        while self.risk(node).below > self.most:
            higher = [
                node | {name: step + 1} for name, step in node.items() if self._more(name, step)
            ]
            if not higher:
                return node
            node = min(higher, key=lambda one: (self.risk(one).below, sum(one.values())))
        return self._lowered(node)

    def _more(self, name: str, step: int) -> bool:
        return step + 1 < len(self.steps[name])

    def _lowered(self, node: dict[str, int]) -> dict[str, int]:
        """Without the steps that later ones made needless."""
        for name in self.steps:
            while node[name] and self.risk(node | {name: node[name] - 1}).below <= self.most:
                node = node | {name: node[name] - 1}
        return node


def _coded(column: Any) -> _Codes:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_null(whole.type):
        return np.zeros(len(whole), np.int64)
    indices = whole.dictionary_encode().indices
    return np.asarray(indices.fill_null(-1)).astype(np.int64) + 1


def _joined(parts: Sequence[_Codes], rows: int) -> _Codes:
    """One number for each different combination."""
    codes = np.zeros(rows, np.int64)
    for part in parts:
        width = int(part.max(initial=0)) + 1
        codes = np.unique(codes * width + part, return_inverse=True)[1].reshape(-1)
    return codes


def _sensitive(table: pa.Table, names: Sequence[str]) -> dict[str, _Codes]:
    return {name: _coded(table[name]) for name in names}


def _diversity(codes: _Codes, values: _Codes, groups: int) -> _Codes:
    """How many distinct values each group has."""
    width = int(values.max(initial=0)) + 1
    pairs = np.unique(codes * width + values)
    return np.bincount(pairs // width, minlength=groups)


def _standing_out(codes: _Codes, sensitive: Mapping[str, _Codes], wanted: Wanted) -> _Codes:
    sizes = np.bincount(codes)
    few = sizes < wanted.k
    for values in sensitive.values():
        few |= _diversity(codes, values, len(sizes)) < wanted.diversity
    return few[codes] if len(codes) else np.zeros(0, bool)


def _risk(codes: _Codes, sensitive: Mapping[str, _Codes], wanted: Wanted) -> Risk:
    sizes = np.bincount(codes)
    if not len(codes):
        return Risk(0, 0, 0, 0, 0, dict.fromkeys(sensitive, 0))
    return Risk(
        rows=len(codes),
        groups=len(sizes),
        k=int(sizes.min()),
        unique=int((sizes == 1).sum()),
        below=int(_standing_out(codes, sensitive, wanted).sum()),
        diversity={
            name: int(_diversity(codes, values, len(sizes)).min())
            for name, values in sensitive.items()
        },
    )
