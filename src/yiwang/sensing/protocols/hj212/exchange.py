"""Requests to a device and their answers (2017: 6.2.2): 9011 says that it will be done, then
comes what was asked for, then 9012 says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from yiwang.kernel import clock
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.errors import DeviceRefused, NoAnswer
from yiwang.sensing.protocols.hj212.model import commands
from yiwang.sensing.protocols.hj212.model.packet import Packet
from yiwang.sensing.protocols.hj212.model.region import Record
from yiwang.sensing.protocols.station import Station

ANSWER_S = 5.0
TIMES = 3
"""Seconds for an answer and how often a request is sent (2017: 6.2.2, table 1)."""
EXECUTION_S = 60.0
MOST_SAID = 100


class _Exchange:
    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[str] = loop.create_future()
        self.executed: asyncio.Future[str] = loop.create_future()
        self.said: dict[str, str] = {}
        self.records = 0


class DeviceTalk:
    """Implements ``adapter.Talk`` for one device on a connection."""

    def __init__(self, station: Station, send: Callable[[bytes], bool], device: Device) -> None:
        self._station = station
        self._send = send
        self._zone = device.mapped.zone
        self._open: dict[str, _Exchange] = {}
        self._last = 0
        self.latest: Packet | None = None
        """The last packet of the device: it says PW, ST and the edition to use."""

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Raises BadCommand, DeviceRefused, NoAnswer."""
        moment = self._moment()
        now = clock.to_datetime(moment).astimezone(self._zone)
        request = commands.request(name, arguments, now)
        qn = commands.qn(now)
        exchange = self._open[qn] = _Exchange()
        try:
            return await self._ask(name, self._packet(request, qn).encode(), exchange)
        finally:
            self._open.pop(qn, None)

    async def _ask(self, name: str, frame: bytes, exchange: _Exchange) -> dict[str, Any]:
        for _ in range(TIMES):
            self._send(frame)
            done, _ = await asyncio.wait([exchange.accepted], timeout=ANSWER_S)
            if done:
                break
        else:
            raise NoAnswer(command=name, seconds=ANSWER_S, times=TIMES)
        accepted = exchange.accepted.result()
        if accepted != "1":
            raise DeviceRefused(command=name, answer=_said("QnRtn", accepted, commands.QN_RETURNS))
        done, _ = await asyncio.wait([exchange.executed], timeout=EXECUTION_S)
        if not done:
            raise NoAnswer(command=name, seconds=EXECUTION_S, times=1)
        executed = exchange.executed.result()
        if executed != "1":
            answer = _said("ExeRtn", executed, commands.EXECUTION_RETURNS)
            raise DeviceRefused(command=name, answer=answer)
        return {"said": exchange.said, "records": exchange.records}

    def answered(self, packet: Packet, found: list[Record]) -> None:
        """A 9011 or 9012. In the edition of 2005 the QN stands in the data."""
        fields = found[0].fields
        exchange = self._open.get(fields.get("QN") or packet.qn)
        if exchange is None:
            return
        if packet.cn == commands.REQUEST_ANSWER:
            _settle(exchange.accepted, fields.get("QnRtn", ""))
        else:
            _settle(exchange.accepted, "1")
            _settle(exchange.executed, fields.get("ExeRtn", ""))

    def heard(self, packet: Packet, found: list[Record]) -> None:
        """Something came that may be what was asked for."""
        exchange = self._open.get(packet.qn)
        if exchange is None:
            return
        exchange.records += len(found)
        for record in found:
            for name, value in record.fields.items():
                if len(exchange.said) < MOST_SAID:
                    exchange.said[name] = value

    def _packet(self, request: commands.Request, qn: str) -> Packet:
        latest = self.latest or Packet("", "")
        flag = latest.edition << 2 | 1
        return Packet(request.cn, latest.mn, qn, latest.st, latest.pw, flag=flag, cp=request.cp)

    def _moment(self) -> int:
        """Now, but later than the last request by a millisecond at least."""
        step = timedelta(milliseconds=1) // timedelta(microseconds=1)
        self._last = max(self._station.clock.now() // step * step, self._last + step)
        return self._last


def _settle(future: asyncio.Future[str], value: str) -> None:
    if not future.done():
        future.set_result(value)


def _said(name: str, value: str, table: Mapping[str, str]) -> str:
    return f"{name}={value} ({table.get(value, 'not in the standard')})"
