"""What an adapter of a field protocol is: a Python package under the entry-point group
``yiwang.adapters``. The built-in ones come through the same door.

``docs/protocols/README.md`` tells how to write one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol

from yiwang.kernel.documents import Section

if TYPE_CHECKING:
    from yiwang.sensing.protocols.mapping import Properties
    from yiwang.sensing.protocols.station import Station

_log = logging.getLogger(__name__)

GROUP = "yiwang.adapters"
BUILTIN = {
    "coap": "yiwang.sensing.protocols.coap.adapter:ADAPTER",
    "gb26875": "yiwang.sensing.protocols.gb26875.adapter:ADAPTER",
    "hj212": "yiwang.sensing.protocols.hj212.adapter:ADAPTER",
    "http_json": "yiwang.sensing.protocols.http_json:ADAPTER",
    "jt808": "yiwang.sensing.protocols.jt808.adapter:ADAPTER",
    "modbus": "yiwang.sensing.protocols.modbus.adapter:ADAPTER",
    "sl651": "yiwang.sensing.protocols.sl651.adapter:ADAPTER",
}
"""The entry points of this package, as in ``pyproject.toml`` (a test compares them): a checkout
that was brought up to date and not installed again has old metadata."""


class Port(Protocol):
    """What an open adapter holds: a listener, or a task that polls."""

    @property
    def number(self) -> int:
        """The port that is listened on; 0 where there is none."""
        ...

    @property
    def connections(self) -> int: ...

    async def close(self) -> None:
        """Take nothing more, and wait until what was taken is durable and answered."""
        ...


class Adapter(Protocol):
    """One field protocol.

    ``name``: in ``devices.yaml``, in the ledger, and of the setting ``<name>_port``, or of a
    line of ``adapter_ports``. ``listens``: whether it has a port of its own; one that has none is
    always opened, and asks ``station.settings`` what it may do. ``commands``: what
    can be asked of a connected device: the arguments of each command, by its name, and whether
    each must be given.
    """

    name: str
    listens: bool
    commands: Mapping[str, Mapping[str, bool]]

    def mapping(self, section: Section, properties: Properties) -> dict[str, Any]:
        """How one kind of device speaks: the section of ``devices.yaml``, as JSON-able data.
        ``mapping.read`` reads the shared part. Raises DocumentError with file and line."""
        ...

    async def open(self, station: Station, host: str, port: int) -> Port:
        """Begin to listen, on a free port given 0. Raises ProtocolPortTaken."""
        ...


class Talk(Protocol):
    """One connected device's side of the conversation, as commands see it."""

    def command(
        self, name: str, arguments: Mapping[str, Any]
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        """Send a command and wait for the device's answer. Raises BadCommand, DeviceRefused,
        NoAnswer."""
        ...


@cache
def installed() -> Mapping[str, Adapter]:
    """Every adapter by name. One that cannot be loaded is left out, and said so in the log."""
    points = {name: EntryPoint(name, value, GROUP) for name, value in BUILTIN.items()}
    points |= {point.name: point for point in entry_points(group=GROUP)}
    found: dict[str, Adapter] = {}
    for name, point in sorted(points.items()):
        try:
            adapter: Adapter = point.load()
            if adapter.name != name:
                raise ValueError(f"it calls itself {adapter.name}")
        except Exception:
            _log.exception("The adapter %s (%s) cannot be used", name, point.value)
            continue
        found[name] = adapter
    return found


class NoPort:
    """The port of an adapter that is served through another one's."""

    number = 0
    connections = 0

    async def close(self) -> None:
        await asyncio.sleep(0)
