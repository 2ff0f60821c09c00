"""The commands of HJ 212 (2017: table 5 and 6.6.5; 2025: table 12) and what can be asked.

What only one of the public sources of the 2025 edition says is marked; see
``docs/protocols/hj212.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from yiwang.sensing.protocols.errors import BadCommand
from yiwang.sensing.protocols.hj212.model import region

REALTIME, STOP_REALTIME, STATES, DAY = "2011", "2012", "2021", "2031"
RUN_TIMES, MINUTE, HOUR, POWER_ON = "2041", "2051", "2061", "2081"
SERIAL_NUMBER, DEVICE_INFO = "3019", "3020"
READ_TIME, SET_TIME, ASK_FOR_TIME = "1011", "1012", "1013"
REQUEST_ANSWER, EXECUTED, NOTICE_ANSWER, DATA_ANSWER = "9011", "9012", "9013", "9014"
HEARTBEAT = "9015"
"""2025 only."""

PERIODS = {HOUR: timedelta(hours=1), DAY: timedelta(days=1), RUN_TIMES: timedelta(days=1)}
"""What one value of a command is about; a minute value's period is a setting of the device."""

INFO = (SERIAL_NUMBER, DEVICE_INFO, "1001")

UPLOADS = ("1011", "1061", "1063", "3017", "3018")
"""Commands with which a device says what it was asked for."""

QN_RETURNS = {
    "1": "ready",
    "2": "refused",
    "3": "wrong PW",
    "4": "wrong MN",
    "5": "wrong ST",
    "6": "wrong Flag",
    "7": "wrong QN",
    "8": "wrong CN",
    "9": "wrong CRC",
    "100": "unknown error",
}
"""QnRtn of 9011 (2017: table 7)."""

EXECUTION_RETURNS = {
    "1": "done",
    "2": "failed, no reason known",
    "3": "wrong conditions",
    "4": "timed out",
    "5": "too busy",
    "6": "system fault",
    "100": "no data",
}
"""ExeRtn of 9012 (2017: table 6)."""

FLAGS = {
    "N": "working normally",
    "F": "out of operation",
    "M": "under maintenance",
    "S": "set by hand",
    "D": "instrument fault",
    "C": "being calibrated",
    "T": "above the measuring range",
    "B": "no communication with the instrument",
}
"""Marks of quality (2017: table 8). Both editions let them be extended."""


def carries_data(cn: str) -> bool:
    """Data commands are 2000 … 2999; the information of a device comes by 3019 and 3020."""
    return (len(cn) == 4 and cn[0] == "2" and cn.isdigit()) or cn in INFO


@dataclass(frozen=True)
class Request:
    cn: str
    cp: str = ""


COMMANDS: Mapping[str, Mapping[str, bool]] = {
    "read_time": {"factor": False},
    "set_time": {"factor": False},
    "history": {"of": True, "from": True, "to": True},
    "start_realtime": {},
    "stop_realtime": {},
    "set_timeouts": {"seconds": True, "times": True},
    "read_realtime_interval": {},
    "set_realtime_interval": {"seconds": True},
    "read_minute_interval": {},
    "set_minute_interval": {"minutes": True},
    "sample_now": {"factor": True},
    "keep_sample": {},
    "serial_number": {"factor": True},
    "device_info": {"factor": True, "info": True, "from": False, "to": False},
}
"""What can be asked of a device, and the arguments of it; True: must be given."""

_PLAIN = {
    "start_realtime": REALTIME,
    "stop_realtime": STOP_REALTIME,
    "read_realtime_interval": "1061",
    "read_minute_interval": "1063",
    "keep_sample": "3015",
}
_HISTORY = {"minute": MINUTE, "hour": HOUR, "day": DAY, "run_times": RUN_TIMES}


def request(name: str, given: Mapping[str, Any], now: datetime) -> Request:
    """A command as it is sent; ``now`` is in the device's zone. Raises BadCommand."""
    if name in _PLAIN:
        return Request(_PLAIN[name])
    if name == "history":
        cn = _HISTORY.get(str(given["of"]))
        if cn is None:
            raise _bad(name, "of", f"it is one of {', '.join(_HISTORY)}")
        return Request(cn, _span(name, given, now))
    if name == "set_timeouts":
        seconds, times = _whole(name, given, "seconds", 99_999), _whole(name, given, "times", 99)
        return Request("1000", f"OverTime={seconds};ReCount={times}")
    if name == "set_realtime_interval":
        return Request("1062", f"RtdInterval={_whole(name, given, 'seconds', 3600)}")
    if name == "set_minute_interval":
        return Request("1064", f"MinInterval={_whole(name, given, 'minutes', 60)}")
    factor = _word(name, given, "factor")
    if name in ("read_time", "set_time"):
        parts = [f"PolId={factor}"] if factor else []
        parts += [f"SystemTime={region.written(now)}"] if name == "set_time" else []
        return Request(SET_TIME if name == "set_time" else READ_TIME, ";".join(parts))
    if name == "device_info":
        span = f";{_span(name, given, now)}" if given.get("from") else ""
        info = _word(name, given, "info")
        return Request(DEVICE_INFO, f"PolId={factor};InfoId={info}{span}")
    return Request("3012" if name == "sample_now" else SERIAL_NUMBER, f"PolId={factor}")


def _span(name: str, given: Mapping[str, Any], now: datetime) -> str:
    start, end = _time(name, given, "from", now), _time(name, given, "to", now)
    if start > end:
        raise _bad(name, "to", "it is before from")
    return f"BeginTime={region.written(start)},EndTime={region.written(end)}"


def _time(name: str, given: Mapping[str, Any], argument: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given.get(argument)))
    except ValueError:
        raise _bad(name, argument, "write it as 2026-07-01T08:00:00") from None
    zone = now.tzinfo
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _whole(name: str, given: Mapping[str, Any], argument: str, most: int) -> int:
    value = given[argument]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise _bad(name, argument, f"it is a whole number from 1 to {most}")
    return value


def _word(name: str, given: Mapping[str, Any], argument: str) -> str:
    word = str(given.get(argument) or "")
    if word and not (word.isascii() and word.isalnum() and len(word) <= 20):
        raise _bad(name, argument, "it is a code of letters and digits")
    return word


def _bad(name: str, argument: str, problem: str) -> BadCommand:
    return BadCommand(argument, command=name, problem=f"{argument}: {problem}")


def qn(now: datetime) -> str:
    """A request's number: its time, to the millisecond."""
    return region.written(now, milliseconds=True)
