"""Commands to terminals, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel import clock as time
from yiwang.sensing.protocols.errors import BadCommand
from yiwang.sensing.protocols.jt808.model import bodies, positions
from yiwang.sensing.protocols.jt808.model.frames import Message

INTERVAL, SPEED_LIMIT, SPEED_FOR = 0x0029, 0x0055, 0x0056
"""Parameters of table 12: seconds between reports, the highest speed in km/h, and for how many
seconds it may be exceeded."""

COMMANDS: Mapping[str, Mapping[str, bool]] = {
    "ask_position": {},
    "read_parameters": {},
    "set_interval": {"seconds": True},
    "set_speed_limit": {"kmh": True, "seconds": False},
    "track": {"seconds": True, "for_seconds": True},
}


def written(name: str, arguments: Mapping[str, Any]) -> tuple[int, bytes]:
    """The message of a command: its kind and body. Raises BadCommand."""
    if name == "ask_position":
        return bodies.ASK_POSITION, b""
    if name == "read_parameters":
        return bodies.ASK_PARAMETERS, b""
    if name == "track":
        interval = _number(name, "seconds", arguments, 65535)
        lasts = _number(name, "for_seconds", arguments, 0xFFFFFFFF)
        return bodies.TRACK, interval.to_bytes(2, "big") + lasts.to_bytes(4, "big")
    if name == "set_interval":
        values = {INTERVAL: _number(name, "seconds", arguments, 86_400)}
    else:
        values = {SPEED_LIMIT: _number(name, "kmh", arguments, 255)}
        if "seconds" in arguments:
            values[SPEED_FOR] = _number(name, "seconds", arguments, 3600)
    words = {key: number.to_bytes(4, "big") for key, number in values.items()}
    return bodies.SET_PARAMETERS, bodies.set_parameters(words)


def _number(command: str, name: str, arguments: Mapping[str, Any], most: int) -> int:
    try:
        number = int(arguments[name])
    except (TypeError, ValueError):
        number = -1
    if not 1 <= number <= most:
        problem = f"{name} is a whole number from 1 to {most}"
        raise BadCommand(name, command=command, problem=problem)
    return number


def said(message: Message) -> dict[str, Any]:
    """What an answer says. Raises BadFrame."""
    if message.kind == bodies.TERMINAL_ANSWER:
        return {"result": bodies.read_answer(message.body).result}
    if message.kind == bodies.PARAMETERS:
        found = bodies.read_parameters(message.body)
        return {"parameters": {f"{key:04X}": data.hex() for key, data in sorted(found.items())}}
    position = positions.read(message.body[2:])
    return {
        "lon": position.lon,
        "lat": position.lat,
        "speed": position.speed,
        "time": time.render(position.time),
        "fault": position.fault,
    }
