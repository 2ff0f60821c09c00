"""What device management refuses. The place of a wrong cell is ``row 5, column lon``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from yiwang.kernel.documents import DocumentError
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording, Words

words = Wording("sensing.fleet_words")


def row_of(number: int) -> Words:
    """The place in a list of devices, from 1."""
    return words("row", row=number)


def cell_of(row: int, column: str | int) -> Words:
    return words("cell", row=row, column=column)


def most_characters(most: int) -> Words:
    """What a text that must not be empty may hold."""
    return words("characters", most=most)


class DeviceError(YiwangError):
    """Base of what is refused about devices."""

    code: ClassVar[str] = "sensing.device"
    kind: ClassVar[Kind] = Kind.INVALID


class DeviceRetired(DeviceError):
    code: ClassVar[str] = "sensing.device_retired"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoDevice(DeviceError):
    code: ClassVar[str] = "sensing.no_device"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadReplacement(DeviceError):
    code: ClassVar[str] = "sensing.bad_replacement"


class BadValue(DeviceError):
    code: ClassVar[str] = "sensing.bad_device_value"


class GroupTaken(DeviceError):
    code: ClassVar[str] = "sensing.group_taken"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchGroup(DeviceError):
    code: ClassVar[str] = "sensing.no_such_group"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class GroupInUse(DeviceError):
    code: ClassVar[str] = "sensing.group_in_use"
    kind: ClassVar[Kind] = Kind.CONFLICT


class GroupByRule(DeviceError):
    code: ClassVar[str] = "sensing.group_by_rule"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchPlan(DeviceError):
    code: ClassVar[str] = "sensing.no_such_plan"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotYourPlan(DeviceError):
    """A plan that somebody sees because it is for their devices too."""

    code: ClassVar[str] = "sensing.not_your_plan"
    kind: ClassVar[Kind] = Kind.DENIED


class NotYourDevice(DeviceError):
    """A device that somebody sees because it is opened."""

    code: ClassVar[str] = "sensing.not_your_device"
    kind: ClassVar[Kind] = Kind.DENIED


class NoSuchCampaign(DeviceError):
    code: ClassVar[str] = "sensing.no_such_campaign"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class BadPeriod(DeviceError):
    code: ClassVar[str] = "sensing.bad_period"


class BadLimit(DocumentError):
    code: ClassVar[str] = "sensing.bad_limit"


class NotATable(DeviceError):
    code: ClassVar[str] = "sensing.not_a_table"


class ColumnUnknown(DeviceError):
    code: ClassVar[str] = "sensing.column_unknown"


class ColumnMissing(DeviceError):
    code: ClassVar[str] = "sensing.column_missing"


class RowTooLong(DeviceError):
    code: ClassVar[str] = "sensing.row_too_long"


class CellMissing(DeviceError):
    code: ClassVar[str] = "sensing.cell_missing"


class CellNotANumber(DeviceError):
    code: ClassVar[str] = "sensing.cell_not_a_number"


class CellOutOfRange(DeviceError):
    code: ClassVar[str] = "sensing.cell_out_of_range"


class CellNotADate(DeviceError):
    code: ClassVar[str] = "sensing.cell_not_a_date"


class CellNotAnOption(DeviceError):
    code: ClassVar[str] = "sensing.cell_not_an_option"


class CellTooLong(DeviceError):
    code: ClassVar[str] = "sensing.cell_too_long"


class CellUnknown(DeviceError):
    """A place or group that is not there; ``near`` names what may be meant."""

    code: ClassVar[str] = "sensing.cell_unknown"


class CodeTwice(DeviceError):
    code: ClassVar[str] = "sensing.code_twice"


class ListRefused(DeviceError):
    """A list of devices of which nothing was written; ``errors`` are all that is wrong."""

    code: ClassVar[str] = "sensing.list_refused"

    def __init__(self, errors: Sequence[YiwangError], count: int) -> None:
        first = errors[0]
        said = Words(f"{first.code}.what", first.fields)
        super().__init__(first.place, count=count, first=said)
        self.errors = tuple(errors)

    def message(self, lang: str = "en") -> str:
        return "\n".join([*(error.message(lang) for error in self.errors), super().message(lang)])


class NoSuchWork(DeviceError):
    code: ClassVar[str] = "sensing.no_such_work"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class WorkOver(DeviceError):
    """A work is over already."""

    code: ClassVar[str] = "sensing.work_over"
    kind: ClassVar[Kind] = Kind.CONFLICT


class WorkTimes(DeviceError):
    """A work that ends before it begins, or takes too long."""

    code: ClassVar[str] = "sensing.work_times"


class WorkOnNothing(DeviceError):
    """A work on no device, or on too many."""

    code: ClassVar[str] = "sensing.work_on_nothing"
