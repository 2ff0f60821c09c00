"""What the catalogue refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import render


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: ``item`` counts information items from 1 (0: the resource
    itself), and why is a text under ``sharing.catalogue.fault``."""

    item: int
    column: str
    why: str
    value: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def title(self, lang: str) -> str:
        key = f"item.{self.column.removeprefix('item_')}" if self.item else f"field.{self.column}"
        return render(f"sharing.catalogue.{key}", lang, {})

    def shown(self, lang: str) -> dict[str, Any]:
        words = render(
            f"sharing.catalogue.fault.{self.why}", lang, self.fields | {"value": self.value}
        )
        return {
            "item": self.item,
            "column": self.column,
            "column_title": self.title(lang),
            "value": self.value,
            "why": self.why,
            "text": words,
        }


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a cell of the template: its sheet (resources, items), its row (0: the
    sheet itself) and column."""

    sheet: str
    row: int
    column: str
    why: str
    value: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def shown(self, lang: str) -> dict[str, Any]:
        fields = self.fields | {"value": self.value}
        of = "" if self.column.startswith("item.") else "field."
        return {
            "sheet": self.sheet,
            "sheet_title": render(f"sharing.catalogue.sheet.{self.sheet}", lang, {}),
            "row": self.row,
            "column": self.column,
            "column_title": render(f"sharing.catalogue.{of}{self.column}", lang, {}),
            "value": self.value,
            "why": self.why,
            "text": render(f"sharing.catalogue.fault.{self.why}", lang, fields),
        }


class BadWorkbook(YiwangError):
    """A workbook has faults, each with its row, column and why. Nothing was taken in."""

    code: ClassVar[str] = "sharing.catalogue.bad_workbook"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, faults: Sequence[RowFault]) -> None:
        first = faults[0]
        super().__init__(f"{first.sheet} {first.row}", count=len(faults))
        self.faults = list(faults)


class BadEntry(YiwangError):
    """An entry has faults, each with its place and why. Nothing was taken in."""

    code: ClassVar[str] = "sharing.catalogue.bad_entry"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, faults: Sequence[Fault], **fields: object) -> None:
        first = faults[0]
        super().__init__(f"{first.item}, {first.column}", count=len(faults), **fields)
        self.faults = list(faults)


class IncompleteEntry(BadEntry):
    """Not ready for review."""

    code: ClassVar[str] = "sharing.catalogue.incomplete"


class TableEntered(YiwangError):
    """A table of a source is a resource already."""

    code: ClassVar[str] = "sharing.catalogue.table_entered"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchResource(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.no_such_resource"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchVersion(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.no_such_version"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotYourResource(YiwangError):
    """A steward writes for the own organisation only."""

    code: ClassVar[str] = "sharing.catalogue.not_yours"
    kind: ClassVar[Kind] = Kind.DENIED


class WrongStep(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.wrong_step"
    kind: ClassVar[Kind] = Kind.CONFLICT


class ChangedMeanwhile(YiwangError):
    """Somebody else changed it since it was read."""

    code: ClassVar[str] = "sharing.catalogue.changed_meanwhile"
    kind: ClassVar[Kind] = Kind.CONFLICT


class OwnReview(YiwangError):
    """Nobody publishes what they submitted themselves."""

    code: ClassVar[str] = "sharing.catalogue.own_review"
    kind: ClassVar[Kind] = Kind.DENIED


class ReasonMissing(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.reason_missing"
    kind: ClassVar[Kind] = Kind.INVALID


class ClassFixed(YiwangError):
    """The code of a published resource holds its class."""

    code: ClassVar[str] = "sharing.catalogue.class_fixed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class BadClass(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.bad_class"
    kind: ClassVar[Kind] = Kind.INVALID


class TooManyResources(YiwangError):
    code: ClassVar[str] = "sharing.catalogue.too_many"
    kind: ClassVar[Kind] = Kind.INVALID
