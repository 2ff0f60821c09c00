"""What a record of HJ 212 says of a device's properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.kernel.clock import SECOND
from yiwang.sensing.errors import Refused
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import MarkedInvalid, NothingMapped
from yiwang.sensing.protocols.hj212.model import commands, region
from yiwang.sensing.protocols.hj212.model.packet import Packet
from yiwang.sensing.protocols.hj212.model.region import Record
from yiwang.sensing.protocols.mapping import Value
from yiwang.sensing.protocols.reading import Reading
from yiwang.sensing.protocols.station import Station

MINUTES = 10 * 60 * SECOND
"""The period of minute values where a mapping says nothing (2017: 1064)."""

_CODE = re.compile(r"(?:[0-9]{4}/)?[A-Za-z0-9_]{1,30}(?:-[A-Za-z0-9]{1,20})?")
_BESIDE = ("Flag", "EFlag", "SampleTime")
"""Fields that say something about a value and are none."""
_STATISTICS = ("Min", "Avg", "Max", "Cou", "ZsMin", "ZsAvg", "ZsMax", "Data", "DayData")


def code(value: Any) -> str:
    """A code of a mapping: ``w01018-Rtd``, or ``2061/w01018-Avg`` for one command alone.

    Raises ValueError: a statistic is asked for without its command, for example.
    """
    text = str(value)
    if not _CODE.fullmatch(text):
        raise ValueError("write a field of the data such as w01018-Rtd or 2061/w01018-Avg")
    name = text.rpartition("-")[2]
    if "/" not in text and "-" in text and name in _STATISTICS:
        raise ValueError(
            f"{name} comes with several commands, so say which: 2051/, 2061/ or 2031/{text}"
        )
    if "-" in text and name in _BESIDE:
        raise ValueError(f"{name} says something about a value and is none itself")
    return text


def fill(reading: Reading, packet: Packet, record: Record, device: Device, station: Station) -> int:
    """Add the record's values to a reading; returns how many fields the kind maps.

    Raises BadTime where the record's time cannot be read.
    """
    mapped = device.mapped
    wanted = list(_wanted(packet.cn, record, device, station))
    if not wanted:
        return 0
    time, period = _time(packet.cn, record.data_time, mapped.zone, mapped.more)
    for name, text, value in wanted:
        factor = name.rpartition("-")[0]
        extra = _extra(packet, record, factor, period)
        try:
            flag = record.said(factor, "Flag")
            if flag in mapped.flags:
                raise MarkedInvalid(name, code=name, flag=flag)
            when = time
            sampled = record.said(factor, "SampleTime")
            if sampled and not period:
                when = region.instant(sampled, mapped.zone)
        except Refused as error:
            error.where = error.where or name
            reading.refuse(error)
            continue
        number = region.number(text)
        if number is None:
            reading.add_text(device, value, when, text, extra)
        else:
            reading.add(device, value, when, number, extra)
    return len(wanted)


def nothing(record: Record) -> NothingMapped:
    return NothingMapped(codes=", ".join(list(record.fields)[:20]))


def _wanted(
    cn: str, record: Record, device: Device, station: Station
) -> Iterator[tuple[str, str, Value]]:
    """Field, text and property of everything that the kind maps."""
    by_code = device.mapped.by_code
    for name, text in record.fields.items():
        values = (*by_code.get(name, ()), *by_code.get(f"{cn}/{name}", ()))
        if not values and name.rpartition("-")[2] not in _BESIDE:
            station.note_unmapped(f"{cn}/{name}")
        for value in values:
            yield name, text, value


def _time(cn: str, text: str, zone: ZoneInfo, more: Any) -> tuple[int, str]:
    """The time of a record, and the period that it is about, where it is about one."""
    if cn == commands.MINUTE:
        length = timedelta(microseconds=more.get("minute_interval", MINUTES))
        return region.period(text, zone, length)
    if cn in commands.PERIODS:
        return region.period(text, zone, commands.PERIODS[cn])
    return region.instant(text, zone), ""


def _extra(packet: Packet, record: Record, factor: str, period: str) -> dict[str, Any]:
    """Period, quality and repetition of a value, as an Observation carries them."""
    found: dict[str, Any] = {}
    if period:
        found["phenomenonTime"] = period
    quality = {
        name: record.said(factor, name)
        for name in ("Flag", "EFlag")
        if factor and record.said(factor, name)
    }
    if quality:
        found["resultQuality"] = quality
    if packet.rf:
        found["parameters"] = {"RF": 1}
    return found
