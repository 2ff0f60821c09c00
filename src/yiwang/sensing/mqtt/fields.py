"""The fields that packets are made of: numbers, texts and MQTT 5 properties."""

from __future__ import annotations

from typing import Any

from yiwang.sensing.mqtt.packets import PROTOCOL_ERROR, Malformed, Properties

# MQTT 5.0, table 2-4: identifier → (name, type)
PROPERTIES: dict[int, tuple[str, str]] = {
    0x01: ("payload_format", "byte"),
    0x02: ("message_expiry", "four"),
    0x03: ("content_type", "text"),
    0x08: ("response_topic", "text"),
    0x09: ("correlation_data", "data"),
    0x0B: ("subscription_id", "var"),
    0x11: ("session_expiry", "four"),
    0x12: ("assigned_client_id", "text"),
    0x13: ("server_keep_alive", "two"),
    0x15: ("authentication_method", "text"),
    0x16: ("authentication_data", "data"),
    0x17: ("request_problem", "byte"),
    0x18: ("will_delay", "four"),
    0x19: ("request_response", "byte"),
    0x1A: ("response_information", "text"),
    0x1C: ("server_reference", "text"),
    0x1F: ("reason", "text"),
    0x21: ("receive_maximum", "two"),
    0x22: ("topic_alias_maximum", "two"),
    0x23: ("topic_alias", "two"),
    0x24: ("maximum_qos", "byte"),
    0x25: ("retain_available", "byte"),
    0x26: ("user", "pair"),
    0x27: ("maximum_packet", "four"),
    0x28: ("wildcard_available", "byte"),
    0x29: ("subscription_id_available", "byte"),
    0x2A: ("shared_available", "byte"),
}
_NUMBERS = {name: (number, kind) for number, (name, kind) in PROPERTIES.items()}
_SIZES = {"byte": 1, "two": 2, "four": 4}
_SEVERAL = ("user", "subscription_id")


class Reader:
    """Reads the fields of one packet body; every read is checked against the body's end."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    @property
    def left(self) -> int:
        return self.end - self.at

    def number(self, size: int) -> int:
        start = self._step(size)
        return int.from_bytes(self.data[start : start + size], "big")

    def binary(self) -> bytes:
        size = self.number(2)
        start = self._step(size)
        return self.data[start : start + size]

    def text(self) -> str:
        return checked_text(self.binary())

    def rest(self) -> bytes:
        start = self._step(self.left)
        return self.data[start : self.end]

    def var(self) -> int:
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Malformed("a length takes more than four bytes")

    def packet_id(self) -> int:
        value = self.number(2)
        if value == 0:
            raise Malformed("the packet identifier is 0", PROTOCOL_ERROR)
        return value

    def properties(self) -> Properties:
        size = self.var()
        if size == 0:
            return {}
        inner = Reader(self.data, self.at, self._step(size) + size)
        found: Properties = {}
        while inner.left:
            number = inner.var()
            known = PROPERTIES.get(number)
            if known is None:
                raise Malformed(f"there is no property {number}")
            name, kind = known
            value = inner._value(kind)
            if name in _SEVERAL:
                found.setdefault(name, []).append(value)
            elif name in found:
                raise Malformed(f"the property {name} stands twice", PROTOCOL_ERROR)
            else:
                found[name] = value
        return found

    def done(self) -> None:
        if self.left:
            raise Malformed(f"{self.left} bytes are left over at the end of a packet")

    def _value(self, kind: str) -> Any:
        if kind in _SIZES:
            return self.number(_SIZES[kind])
        if kind == "text":
            return self.text()
        if kind == "data":
            return self.binary()
        return self.var() if kind == "var" else (self.text(), self.text())

    def _step(self, size: int) -> int:
        start = self.at
        if start + size > self.end:
            raise Malformed("a packet ends in the middle of a field")
        self.at = start + size
        return start


def checked_text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("a text is not UTF-8") from None
    if "\0" in text:
        raise Malformed("a text contains the character NUL")
    return text


def valid_topic(topic: str) -> bool:
    """Whether this is a topic name: not empty and without wildcards."""
    return bool(topic) and "+" not in topic and "#" not in topic


def valid_filter(topic: str) -> bool:
    """Whether this is a topic filter: ``+`` fills a level, ``#`` is the last level."""
    levels = topic.split("/")
    return (
        bool(topic)
        and all(level == "+" or "+" not in level for level in levels)
        and all("#" not in level for level in levels[:-1])
        and (levels[-1] == "#" or "#" not in levels[-1])
    )


def pack_var(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 127
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def pack_data(value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise Malformed("a text is longer than 65,535 bytes")
    return len(value).to_bytes(2, "big") + value


def pack_text(value: str) -> bytes:
    return pack_data(value.encode())


def pack_properties(properties: Properties) -> bytes:
    if not properties:
        return b"\0"
    out = bytearray()
    for name, value in properties.items():
        number, kind = _NUMBERS[name]
        for item in value if name in _SEVERAL else (value,):
            out += pack_var(number) + _pack_value(kind, item)
    return pack_var(len(out)) + bytes(out)


def _pack_value(kind: str, value: Any) -> bytes:
    if kind in _SIZES:
        return int(value).to_bytes(_SIZES[kind], "big")
    if kind == "text":
        return pack_text(value)
    if kind == "data":
        return pack_data(value)
    return pack_var(value) if kind == "var" else pack_text(value[0]) + pack_text(value[1])
