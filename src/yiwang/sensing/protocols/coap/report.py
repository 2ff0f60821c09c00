"""What devices report over CoAP, read by the code that reads MQTT and HTTP reports."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.inlet import Columns
from yiwang.sensing.mqtt.topics import Router
from yiwang.sensing.protocols.coap.model import cbor
from yiwang.sensing.protocols.report import Reports
from yiwang.sensing.protocols.station import Station

TEXT, OCTETS, JSON, CBOR = 0, 42, 50, 60

Formats = Mapping[int | None, Reports]
"""The entrance of each content format (RFC 7252, 12.3); None where none is said."""


class Cbor:
    """Implements ``report.Language``: CBOR is read as if it were JSON, and kept as it came."""

    def __init__(self, router: Router) -> None:
        self._router = router

    def report_topic(self, kind: str, code: str) -> str:
        return self._router.report_topic(kind, code)

    def read(self, sender: Sender, topic: str, payload: bytes, now: int, into: Columns) -> None:
        before = len(into)
        document = msgspec.json.encode(cbor.decode(payload))
        self._router.read(sender, topic, document, now, into)
        into.raw[before:] = [payload] * (len(into) - before)

    def look(self) -> bool:
        return self._router.look()


def entrances(station: Station) -> Formats:
    plain, packed = station.reports(station.router), station.reports(Cbor(station.router))
    return {None: plain, TEXT: plain, OCTETS: plain, JSON: plain, CBOR: packed}
