"""Bytes to packets and back, MQTT 3.1.1 and 5.0: pure, incremental, and bounded in size.

The decoder never waits, never guesses and raises nothing but Malformed. PUBLISH, the packet
that matters for speed, is decoded in place.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.fields import (
    Reader,
    checked_text,
    pack_data,
    pack_properties,
    pack_text,
    pack_var,
    valid_filter,
    valid_topic,
)
from yiwang.sensing.mqtt.packets import V5, V311, Malformed, Packet

_ACK = Struct(">BBH")
_FLAGS = {p.PUBREL: 2, p.SUBSCRIBE: 2, p.UNSUBSCRIBE: 2}


class Decoder:
    """Takes bytes as they come and gives whole packets.

    ``largest``: bytes a packet may have. ``version``: V311 or V5; a CONNECT sets it.
    """

    def __init__(self, largest: int = 256 * 1024, version: int = V311) -> None:
        self.largest = largest
        self.version = version
        self.rescued: list[Packet] = []
        self._held = bytearray()
        self._wanted = 2

    @property
    def unfinished(self) -> bool:
        """Whether the beginning of a packet waits for its rest."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Packet]:
        """The packets completed by ``data``, in order. Raises Malformed; the decoder is then
        of no further use, and what was whole before the bad packet stands in ``rescued``."""
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return []
            data = bytes(self._held)
        found: list[Packet] = []
        self.rescued = found
        at, size = 0, len(data)
        while size - at >= 2:
            body, end = self._extent(data, at, size)
            if end > size or body == 0:
                self._wanted = end - at
                break
            first = data[at]
            if first >> 4 == p.PUBLISH:
                found.append(self._publish(first, data, body, end))
            else:
                found.append(self._other(first, data, body, end))
            at = end
        else:
            self._wanted = 2
        self._held = bytearray(data[at:]) if at < size else bytearray()
        return found

    def _extent(self, data: bytes, at: int, size: int) -> tuple[int, int]:
        """Where the body of the packet at ``at`` starts and ends; body 0: length incomplete."""
        length = data[at + 1]
        body = at + 2
        if length >= 128:
            length &= 127
            for shift in (7, 14, 21):
                if body >= size:
                    return 0, body + 1
                byte = data[body]
                body += 1
                length |= (byte & 127) << shift
                if byte < 128:
                    break
            else:
                raise Malformed("a length takes more than four bytes")
        end = body + length
        if end - at > self.largest:
            problem = f"a packet has {end - at} bytes, {self.largest} are allowed"
            raise Malformed(problem, p.PACKET_TOO_LARGE)
        return body, end

    def _publish(self, first: int, data: bytes, at: int, end: int) -> p.Publish:
        qos = first >> 1 & 3
        stop = at + 2 + (data[at] << 8 | data[at + 1]) if end - at >= 2 else end + 1
        if stop + (2 if qos else 0) > end:
            raise Malformed("a packet ends in the middle of a field")
        if qos == 3 or (qos == 0 and first & 8):
            raise Malformed("a PUBLISH has impossible flags")
        topic = checked_text(data[at + 2 : stop])
        number = 0
        if qos:
            number = data[stop] << 8 | data[stop + 1]
            stop += 2
            if number == 0:
                raise Malformed("the packet identifier is 0", p.PROTOCOL_ERROR)
        properties: p.Properties = {}
        if self.version == V5:
            if stop < end and data[stop] == 0:
                stop += 1
            else:
                reader = Reader(data, stop, end)
                properties = reader.properties()
                stop = reader.at
        if not valid_topic(topic) and (topic or "topic_alias" not in properties):
            raise Malformed(f'"{topic[:80]}" is not a topic name', p.TOPIC_NAME_INVALID)
        retain, dup = first & 1 == 1, first & 8 == 8
        return p.Publish(topic, data[stop:end], qos, number, retain, dup, properties)

    def _other(self, first: int, data: bytes, at: int, end: int) -> Packet:
        kind = first >> 4
        if first & 15 != _FLAGS.get(kind, 0):
            raise Malformed("a packet has impossible flags")
        decode = _DECODERS.get(kind)
        if decode is None:
            raise Malformed(f"there is no packet type {kind}")
        reader = Reader(data, at, end)
        packet = decode(reader, kind, self.version)
        reader.done()
        if kind == p.CONNECT and isinstance(packet, p.Connect):
            self.version = packet.version
        return packet


def _connect(reader: Reader, kind: int, version: int) -> p.Connect:
    protocol, level = reader.text(), reader.number(1)
    if (protocol, level) not in (("MQTT", V311), ("MQTT", V5)):
        problem = f'protocol "{protocol[:20]}" level {level} is not MQTT 3.1.1 or 5.0'
        raise Malformed(problem, p.UNSUPPORTED_VERSION)
    flags, keep_alive = reader.number(1), reader.number(2)
    will_qos, has_will = flags >> 3 & 3, flags & 4
    if flags & 1 or will_qos == 3 or (not has_will and flags & 0x38):
        raise Malformed("a CONNECT has impossible flags")
    if level == V311 and flags & 0x40 and not flags & 0x80:
        raise Malformed("a CONNECT has a password but no name")
    properties = reader.properties() if level == V5 else {}
    client_id = reader.text()
    will = None
    if has_will:
        more = reader.properties() if level == V5 else {}
        topic, payload = reader.text(), reader.binary()
        if not valid_topic(topic):
            raise Malformed(f'"{topic[:80]}" is not a topic name', p.TOPIC_NAME_INVALID)
        will = p.Will(topic, payload, will_qos, bool(flags & 0x20), more)
    name = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    clean = bool(flags & 2)
    return p.Connect(level, client_id, clean, keep_alive, name, password, will, properties)


def _connack(reader: Reader, kind: int, version: int) -> p.ConnAck:
    flags, code = reader.number(1), reader.number(1)
    return p.ConnAck(bool(flags & 1), code, reader.properties() if version == V5 else {})


def _ack(reader: Reader, kind: int, version: int) -> p.Ack:
    number = reader.packet_id()
    code = reader.number(1) if version == V5 and reader.left else 0
    return p.Ack(kind, number, code, reader.properties() if version == V5 and reader.left else {})


def _subscribe(reader: Reader, kind: int, version: int) -> p.Subscribe:
    number = reader.packet_id()
    properties = reader.properties() if version == V5 else {}
    filters = []
    while reader.left:
        topic, options = reader.text(), reader.number(1)
        if options & 3 == 3 or options & (0xC0 if version == V5 else 0xFC):
            raise Malformed("a SUBSCRIBE has impossible options")
        filters.append((_filter(topic), options))
    if not filters:
        raise Malformed("a SUBSCRIBE names no topic", p.PROTOCOL_ERROR)
    return p.Subscribe(number, filters, properties)


def _unsubscribe(reader: Reader, kind: int, version: int) -> p.Unsubscribe:
    number = reader.packet_id()
    properties = reader.properties() if version == V5 else {}
    filters = []
    while reader.left:
        filters.append(_filter(reader.text()))
    if not filters:
        raise Malformed("an UNSUBSCRIBE names no topic", p.PROTOCOL_ERROR)
    return p.Unsubscribe(number, filters, properties)


def _filter(topic: str) -> str:
    if not valid_filter(topic):
        raise Malformed(f'"{topic[:80]}" is not a topic filter', p.TOPIC_FILTER_INVALID)
    return topic


def _suback(reader: Reader, kind: int, version: int) -> p.SubAck:
    number = reader.packet_id()
    properties = reader.properties() if version == V5 else {}
    return p.SubAck(kind, number, reader.rest(), properties)


def _ping(reader: Reader, kind: int, version: int) -> p.Ping:
    return p.Ping(kind)


def _disconnect(reader: Reader, kind: int, version: int) -> p.Disconnect:
    code = reader.number(1) if version == V5 and reader.left else 0
    return p.Disconnect(code, reader.properties() if version == V5 and reader.left else {})


def _auth(reader: Reader, kind: int, version: int) -> p.Auth:
    if version != V5:
        raise Malformed("there is no packet type 15 in MQTT 3.1.1")
    code = reader.number(1) if reader.left else 0
    return p.Auth(code, reader.properties() if reader.left else {})


_DECODERS: dict[int, Callable[[Reader, int, int], Packet]] = {
    p.CONNECT: _connect,
    p.CONNACK: _connack,
    p.PUBACK: _ack,
    p.PUBREC: _ack,
    p.PUBREL: _ack,
    p.PUBCOMP: _ack,
    p.SUBSCRIBE: _subscribe,
    p.SUBACK: _suback,
    p.UNSUBSCRIBE: _unsubscribe,
    p.UNSUBACK: _suback,
    p.PINGREQ: _ping,
    p.PINGRESP: _ping,
    p.DISCONNECT: _disconnect,
    p.AUTH: _auth,
}


def encode(packet: Packet, version: int = V311) -> bytes:
    """The bytes of one packet. Raises Malformed for a text that is too long."""
    return _ENCODERS[type(packet)](packet, version)


def encode_ack(kind: int, number: int, code: int = 0, version: int = V311) -> bytes:
    """PUBACK, PUBREC, PUBREL or PUBCOMP in their short form."""
    first = kind << 4 | _FLAGS.get(kind, 0)
    if code and version == V5:
        return bytes((first, 3)) + number.to_bytes(2, "big") + bytes((code,))
    return _ACK.pack(first, 2, number)


def _framed(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((first,)) + pack_var(len(body)) + body


def _props(properties: p.Properties, version: int) -> bytes:
    return pack_properties(properties) if version == V5 else b""


def _encode_connect(packet: p.Connect, _version: int) -> bytes:
    will, version = packet.will, packet.version
    flags = (2 if packet.clean else 0) | (0x80 if packet.name is not None else 0)
    flags |= 0x40 if packet.password is not None else 0
    parts = [_props(packet.properties, version), pack_text(packet.client_id)]
    if will is not None:
        flags |= 4 | will.qos << 3 | (0x20 if will.retain else 0)
        parts += [_props(will.properties, version), pack_text(will.topic), pack_data(will.payload)]
    if packet.name is not None:
        parts.append(pack_text(packet.name))
    if packet.password is not None:
        parts.append(pack_data(packet.password))
    head = pack_text("MQTT") + bytes((version, flags)) + packet.keep_alive.to_bytes(2, "big")
    return _framed(p.CONNECT << 4, head, *parts)


def _encode_connack(packet: p.ConnAck, version: int) -> bytes:
    head = bytes((packet.session_present, packet.code))
    return _framed(p.CONNACK << 4, head, _props(packet.properties, version))


def _encode_publish(packet: p.Publish, version: int) -> bytes:
    first = p.PUBLISH << 4 | packet.dup << 3 | packet.qos << 1 | packet.retain
    number = packet.id.to_bytes(2, "big") if packet.qos else b""
    properties = _props(packet.properties, version)
    return _framed(first, pack_text(packet.topic), number, properties, packet.payload)


def _encode_ack(packet: p.Ack, version: int) -> bytes:
    if not packet.properties:
        return encode_ack(packet.type, packet.id, packet.code, version)
    first = packet.type << 4 | _FLAGS.get(packet.type, 0)
    number = packet.id.to_bytes(2, "big")
    tail = bytes((packet.code,)) + _props(packet.properties, version) if version == V5 else b""
    return _framed(first, number, tail)


def _encode_subscribe(packet: p.Subscribe, version: int) -> bytes:
    filters = [pack_text(topic) + bytes((options,)) for topic, options in packet.filters]
    number = packet.id.to_bytes(2, "big")
    return _framed(p.SUBSCRIBE << 4 | 2, number, _props(packet.properties, version), *filters)


def _encode_unsubscribe(packet: p.Unsubscribe, version: int) -> bytes:
    filters = [pack_text(topic) for topic in packet.filters]
    number = packet.id.to_bytes(2, "big")
    return _framed(p.UNSUBSCRIBE << 4 | 2, number, _props(packet.properties, version), *filters)


def _encode_suback(packet: p.SubAck, version: int) -> bytes:
    # An UNSUBACK of 3.1.1 carries no codes.
    codes = b"" if packet.type == p.UNSUBACK and version != V5 else packet.codes
    number = packet.id.to_bytes(2, "big")
    return _framed(packet.type << 4, number, _props(packet.properties, version), codes)


def _encode_ping(packet: p.Ping, _version: int) -> bytes:
    return bytes((packet.type << 4, 0))


def _encode_ending(packet: p.Disconnect | p.Auth, version: int) -> bytes:
    kind = p.AUTH if isinstance(packet, p.Auth) else p.DISCONNECT
    if version != V5 or not (packet.code or packet.properties):
        return bytes((kind << 4, 0))
    return _framed(kind << 4, bytes((packet.code,)), _props(packet.properties, version))


_ENCODERS: dict[type[Packet], Callable[..., bytes]] = {
    p.Connect: _encode_connect,
    p.ConnAck: _encode_connack,
    p.Publish: _encode_publish,
    p.Ack: _encode_ack,
    p.Subscribe: _encode_subscribe,
    p.Unsubscribe: _encode_unsubscribe,
    p.SubAck: _encode_suback,
    p.Ping: _encode_ping,
    p.Disconnect: _encode_ending,
    p.Auth: _encode_ending,
}
