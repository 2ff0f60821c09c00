"""The mapping of a file of cases: which columns are what. Data, in YAML.

::

    source: hotline                      # under this name a row is known again
    zone: America/New_York               # of times that carry none (default UTC)
    formats: ["%m/%d/%Y %I:%M:%S %p"]    # of times that are not ISO 8601
    fields:
      key: case_id                       # a column,
      text: {columns: [type, words], join: " · "}           # columns joined,
      channel: {column: source, values: {Call: hotline}, otherwise: other}   # a value map,
      severity: {constant: notice}       # or the same for every row
    keep: [ward]                         # columns that are kept with the case's source
    areas: {code: city, name: City, cell_m: 1000}   # squares for grids, where there are none
    learn_until: "2015-05-01"            # proposals are learnt before that day and tested after
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yiwang.kernel import documents
from yiwang.kernel.documents import MissingKey, NotAllowed, Section
from yiwang.kernel.text import phrase

REQUIRED = ("key", "opened", "class", "text")
OPTIONAL = (
    "target",
    "closed",
    "closing",
    "title",
    "lon",
    "lat",
    "address",
    "channel",
    "severity",
    "class_group",
    "department",
    "queue",
    "on_time",
)
"""``closing`` is the reason with which it was closed, ``on_time`` what the city itself says:
yes, no or nothing."""


@dataclass(frozen=True)
class Rule:
    """How one field is made of a row's cells."""

    columns: tuple[str, ...] = ()
    join: str = " "
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    constant: str = ""

    def text(self, cells: Mapping[str, object]) -> str:
        """The field's text, empty where no cell holds anything; the same words once."""
        if not self.columns:
            return self.constant
        if len(self.columns) == 1:
            cell = cells[self.columns[0]]
            found = "" if cell is None else str(cell).strip()
        else:
            parts = [str(cells[name]).strip() for name in self.columns if cells[name] is not None]
            found = self.join.join(dict.fromkeys(part for part in parts if part))
        if found in self.values:
            return self.values[found]
        return found if self.otherwise is None or not found else self.otherwise


@dataclass(frozen=True)
class Areas:
    """One district of square grids, ``cell_m`` metres wide, made where rows lie."""

    code: str
    name: str
    cell_m: float


@dataclass(frozen=True)
class ImportMapping:
    """How to read a file of one shape. ``digest`` is that of the mapping's text."""

    source: str
    zone: ZoneInfo
    formats: tuple[str, ...]
    fields: Mapping[str, Rule]
    keep: tuple[str, ...]
    areas: Areas | None
    learn_until: datetime | None
    digest: str

    def columns(self) -> list[str]:
        """Every column that is read."""
        named = [name for rule in self.fields.values() for name in rule.columns]
        return list(dict.fromkeys([*named, *self.keep]))


def read(path: Path) -> ImportMapping:
    """Read a mapping file. Raises a DocumentError naming file and line."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, file: str) -> ImportMapping:
    top = documents.parse(text, file)
    section = top.section("fields")
    fields = {}
    for name in section.keys():  # noqa: SIM118
        if name not in (*REQUIRED, *OPTIONAL):
            known = ", ".join((*REQUIRED, *OPTIONAL))
            raise NotAllowed(section.place(name), key="fields", value=name, options=known)
        fields[name] = _rule(section, name)
    for name in REQUIRED:
        if name not in fields:
            raise MissingKey(section.where, key=name, section="fields")
    mapping = ImportMapping(
        source=top.text("source"),
        zone=_zone(top),
        formats=tuple(_texts(top, "formats")),
        fields=fields,
        keep=tuple(_texts(top, "keep")),
        areas=_areas(top.section("areas")) if top.has("areas") else None,
        learn_until=_day(top),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
    top.finish()
    return mapping


def _rule(section: Section, name: str) -> Rule:
    if isinstance(section.raw(name), str):
        return Rule((section.text(name),))
    one = section.section(name)
    columns = _texts(one, "columns") or ([one.text("column")] if one.has("column") else [])
    values = one.section("values")
    rule = Rule(
        columns=tuple(columns),
        join=one.text("join", " "),
        values={key: values.text(key) for key in values.keys()},  # noqa: SIM118
        otherwise=one.text("otherwise", None),
        constant=one.text("constant", ""),
    )
    one.finish()
    if not rule.columns and not rule.constant:
        raise MissingKey(one.where, key="column", section=f"fields.{name}")
    return rule


def _texts(section: Section, key: str) -> list[str]:
    found = section.take(key, list, [])
    if not all(isinstance(item, str) for item in found):
        raise documents.WrongType(
            section.place(key), key=key, value=found, wanted=phrase("list_of_texts")
        )
    return [str(item) for item in found]


def _zone(top: Section) -> ZoneInfo:
    name = top.text("zone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        options = "UTC, Asia/Shanghai, Europe/Berlin …"
        raise NotAllowed(top.place("zone"), key="zone", value=name, options=options) from None


def _day(top: Section) -> datetime | None:
    """A local day in the mapping's zone."""
    text = top.text("learn_until", None)
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        options = '"2015-05-01"'
        raise NotAllowed(
            top.place("learn_until"), key="learn_until", value=text, options=options
        ) from None


def _areas(section: Section) -> Areas:
    areas = Areas(section.text("code"), section.text("name"), section.take("cell_m", float, 1000.0))
    section.finish()
    if not areas.cell_m >= 50:
        raise NotAllowed(
            section.place("cell_m"),
            key="cell_m",
            value=areas.cell_m,
            options=phrase("at_least", least=50),
        )
    return areas
