"""What one frame says of one device, on its way to the intake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from yiwang.contracts.observations import Incoming, Rejected
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.inlet import Columns
from yiwang.sensing.protocols.directory import Device
from yiwang.sensing.protocols.mapping import Value


@dataclass
class Reading:
    """``raw`` is the frame as it came, kept with what is rejected of it; ``where`` names the
    device and the message in the ledger."""

    raw: bytes
    where: str = ""
    columns: Columns = field(default_factory=Columns)
    rejected: list[Rejected] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.columns) + len(self.rejected)

    def add(
        self,
        device: Device,
        value: Value,
        time: int,
        number: float,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A value as the device sent it; ``extra`` is what else is said of the observation
        (``phenomenonTime`` as interval, ``resultQuality``, ``parameters``)."""
        datastream = device.datastreams.get(value.property)
        if datastream is not None:
            text = msgspec.json.encode(extra).decode() if extra else None
            self.columns.add(datastream, time, value.result(number), self.raw, None, text)

    def add_text(
        self,
        device: Device,
        value: Value,
        time: int,
        text: str,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A result that is a text: a state, a code, a picture's name."""
        self.add_json(device, value, time, text, extra)

    def add_json(
        self,
        device: Device,
        value: Value,
        time: int,
        result: Any,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A result that is any JSON: a point on the earth."""
        datastream = device.datastreams.get(value.property)
        if datastream is not None:
            more = msgspec.json.encode(extra).decode() if extra else None
            exact = msgspec.json.encode(result).decode()
            self.columns.add(datastream, time, float("nan"), self.raw, exact, more)

    def refuse(self, error: Refused) -> None:
        """One value, or the whole frame, is not stored; the error's place goes to the ledger."""
        where = " ".join(part for part in (self.where, error.where) if part)
        self.rejected.append(Rejected(error.code, self.raw, where[:500]))

    def incoming(self, source: str, now: int) -> Incoming:
        rows = self.columns
        return Incoming(
            source=source,
            datastream=np.array(rows.datastream, np.int64),
            time=np.array(rows.time, np.int64),
            result=np.array(rows.result, np.float64),
            received=now,
            exact=rows.exact if any(rows.exact) else None,
            extra=rows.extra if any(rows.extra) else None,
            raw=rows.raw,
            rejected=self.rejected,
        )
