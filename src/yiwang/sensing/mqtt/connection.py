"""One client at the embedded listener: an asyncio Protocol.

Reading is paused, never dropped, while too much of what this client sent is not yet durable,
while its credentials are being checked, while it does not read our answers, and while it has
sent more than its rate allows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from yiwang.kernel.ids import secret
from yiwang.sensing.mqtt import limits as code_of
from yiwang.sensing.mqtt import packets as p
from yiwang.sensing.mqtt.allowance import Allowance
from yiwang.sensing.mqtt.codec import Decoder, encode, encode_ack
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.hub import Session
from yiwang.sensing.mqtt.packets import V5, V311, Malformed, Packet, Publish

if TYPE_CHECKING:
    from yiwang.sensing.mqtt.listener import Listener

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._limits = listener.limits
        self._decoder = Decoder(self._limits.packet_bytes)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._loop = asyncio.get_running_loop()
        self._session: Session | None = None
        self._sender: Sender | None = None
        self._will: p.Will | None = None
        self._held: list[Packet] | None = None
        """Packets that came while the credentials are being checked; None at other times."""
        self._out: list[bytes] = []
        self._unsent = 0
        self._pending = 0
        self._reading = True
        self._writable = True
        self._closed = False
        self._heard = self._loop.time()
        self._allowance = Allowance(self._limits.packets_per_s, self._heard)
        self._owing: asyncio.TimerHandle | None = None
        self._began: float | None = None
        """When the packet that is not whole yet began."""
        self._keep_alive = self._limits.connect_s
        self._timer: asyncio.TimerHandle | None = None
        self._admission: asyncio.Task[None] | None = None

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._watch_in(self._limits.connect_s)
        peer = transport.get_extra_info("peername")
        if not self._listener.enter(self, str(peer[0]) if peer else ""):
            self._end()

    def data_received(self, data: bytes) -> None:
        now = self._heard = self._loop.time()
        try:
            packets = self._decoder.feed(data)
        except Malformed as error:
            self._handle(self._decoder.rescued)
            self._malformed(error, data)
        else:
            self._spend(packets, now)
            self._handle(packets)
        self.flush()

    def _spend(self, packets: Sequence[Packet], now: float) -> None:
        if not self._decoder.unfinished:
            self._began = None
        elif packets or self._began is None:
            self._began = now
        pieces = sum(len(each.filters) for each in packets if type(each) is p.Subscribe)
        self._allowance.spend(len(packets) + pieces, now)
        if self._allowance.owed_s(now):
            self._regulate()

    def pause_writing(self) -> None:
        self._writable = False
        self._heard = self._loop.time()
        self._watch_in(self._limits.unread_s)
        self._regulate()

    def resume_writing(self) -> None:
        self._writable = True
        self._heard = self._loop.time()
        if self._session is not None:
            self._session.push()
            self.flush()
        self._regulate()

    def connection_lost(self, error: Exception | None) -> None:
        self._closed = True
        for under_way in (self._timer, self._owing, self._admission):
            if under_way is not None:
                under_way.cancel()
        self._listener.left(self)
        if self._will is not None and self._sender is not None:
            will = self._will
            message = Publish(will.topic, will.payload, will.qos, 0, will.retain)
            self._listener.inlet.take(self._sender, self._listener, [message])
        if self._session is not None and self._session.send == self._send:
            self._listener.leave(self._session)

    @property
    def label(self) -> str:
        """Who is connected; empty until somebody has signed in."""
        return self._sender.label if self._sender is not None else ""

    # What the inlet calls

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        self._pending -= len(messages)
        session = self._session
        version = self._decoder.version
        for message, reason in zip(messages, reasons, strict=True):
            code = code_of.PUBLISH_CODES.get(reason, code_of.PAYLOAD_INVALID)
            if message.qos == 1:
                self._out.append(encode_ack(p.PUBACK, message.id, code, version))
            elif message.qos == 2 and session is not None:
                self._received(session, message.id, code)
        self._listener.settled(messages, reasons)
        self.flush()
        self._regulate()

    def failed(self, messages: Sequence[Publish]) -> None:
        self._pending -= len(messages)
        if self._session is not None:
            for message in messages:
                self._session.received.pop(message.id, None)
        self.end(code_of.CANNOT_STORE)

    def _received(self, session: Session, number: int, code: int) -> None:
        """PUBREC goes to wherever the session is connected now."""
        if number not in session.received:
            return
        refused = bool(code) and session.version == V5
        if refused:
            del session.received[number]
        else:
            session.received[number] = False
        answer = encode_ack(p.PUBREC, number, code, session.version)
        if session.send == self._send:
            self._out.append(answer)
        elif session.send is not None:
            session.send(answer)

    # Packets

    def _handle(self, packets: list[Packet]) -> None:
        if self._held is not None:
            self._held += packets
            return
        messages: list[Publish] = []
        for index, packet in enumerate(packets):
            if self._closed:
                break
            if type(packet) is Publish:
                self._publish(packet, messages)
                continue
            if self._session is None:
                self._first(packet)
                if self._held is not None:
                    self._held = packets[index + 1 :]
                    return
                continue
            self._control(packet)
        if messages and self._sender is not None:
            self._pending += len(messages)
            self._listener.inlet.take(self._sender, self, messages)
            self._regulate()

    def _publish(self, message: Publish, messages: list[Publish]) -> None:
        session = self._session
        if session is None:
            self._end()
        elif "topic_alias" in message.properties:
            self.end(code_of.ALIAS_INVALID)
        elif message.qos == 2:
            waits = session.received.get(message.id)
            if waits is None:
                session.received[message.id] = True
                messages.append(message)
            elif waits is False:
                self._out.append(encode_ack(p.PUBREC, message.id))
        else:
            messages.append(message)

    def _first(self, packet: Packet) -> None:
        if not isinstance(packet, p.Connect):
            self._end()
            return
        if "authentication_method" in packet.properties:
            self._refuse(packet, code_of.BAD_METHOD)
            return
        if not packet.client_id and not packet.clean and packet.version == V311:
            self._write(encode(p.ConnAck(False, 2)))
            self._end()
            return
        self._held = []
        self._regulate()
        self._admission = self._loop.create_task(self._admit(packet, packet.password))

    async def _admit(self, packet: p.Connect, password: bytes | None) -> None:
        sender = await self._listener.gate.admit(packet.name or "", password)
        self._admission = None
        held, self._held = self._held or [], None
        if sender is None:
            _log.info("MQTT: %s was refused", (packet.name or "")[:80])
            nothing = password is None
            self._refuse(packet, code_of.NOT_AUTHORIZED if nothing else code_of.BAD_CREDENTIALS)
            return
        self._welcome(packet, sender)
        self._handle(held)
        self.flush()
        self._regulate()

    def _refuse(self, packet: p.Connect, code: int) -> None:
        code = code if packet.version == V5 else code_of.CONNACK_311[code]
        self._write(encode(p.ConnAck(False, code), packet.version))
        self._end()

    def _welcome(self, packet: p.Connect, sender: Sender) -> None:
        limits, version = self._limits, packet.version
        client_id = packet.client_id or f"auto-{secret(12)}"
        asked = packet.properties.get("session_expiry", 0)
        lasts = asked if version == V5 else (0 if packet.clean else limits.session_s)
        keep_alive = packet.keep_alive or limits.keep_alive_s
        session, present = self._listener.join(
            (sender.label, client_id), packet.clean, self, self._send
        )
        session.identity = sender.identity
        session.version = version
        session.lasts = min(lasts, limits.session_s)
        session.window = min(packet.properties.get("receive_maximum", 100), 100)
        self._session, self._sender, self._will = session, sender, packet.will
        self._keep_alive = keep_alive * 1.5
        self._watch_in(min(self._keep_alive, limits.packet_s))
        properties: p.Properties = {}
        if version == V5:
            properties = limits.told()
            if not packet.client_id:
                properties["assigned_client_id"] = client_id
            if keep_alive != packet.keep_alive:
                properties["server_keep_alive"] = keep_alive
            if session.lasts != asked:
                properties["session_expiry"] = int(session.lasts)
        self._out.append(encode(p.ConnAck(present, 0, properties), version))
        session.resume()

    def _control(self, packet: Packet) -> None:
        session = cast(Session, self._session)
        if isinstance(packet, p.Ack):
            self._exchange(session, packet)
        elif isinstance(packet, p.Ping) and packet.type == p.PINGREQ:
            self._out.append(b"\xd0\0")
        elif isinstance(packet, p.Subscribe):
            self._subscribe(session, packet)
        elif isinstance(packet, p.Unsubscribe):
            gone = [self._listener.unsubscribe(session, topic) for topic in packet.filters]
            codes = bytes(0 if found else 0x11 for found in gone)
            self._out.append(encode(p.SubAck(p.UNSUBACK, packet.id, codes), session.version))
        elif isinstance(packet, p.Disconnect):
            if packet.code != 4:
                self._will = None
            if "session_expiry" in packet.properties and session.lasts:
                session.lasts = min(packet.properties["session_expiry"], self._limits.session_s)
            self._end()
        else:
            self.end(p.PROTOCOL_ERROR)

    def _exchange(self, session: Session, packet: p.Ack) -> None:
        if packet.type == p.PUBACK:
            session.acknowledged(packet.id)
        elif packet.type == p.PUBREL:
            known = session.received.pop(packet.id, None) is not None
            code = 0 if known else code_of.UNKNOWN_ID
            self._out.append(encode_ack(p.PUBCOMP, packet.id, code, session.version))

    def _subscribe(self, session: Session, packet: p.Subscribe) -> None:
        sender = cast(Sender, self._sender)
        codes = bytearray()
        retained: deque[tuple[str, int]] = deque()
        for topic, options in packet.filters:
            qos = min(options & 3, 1)
            known = topic in session.subscriptions
            code = self._listener.subscribe(session, sender, topic, qos)
            if code >= 0x80:
                codes.append(code if session.version == V5 else 0x80)
            else:
                codes.append(code)
                handling = options >> 4 & 3
                if handling == 0 or (handling == 1 and not known):
                    retained.append((topic, qos))
        self._out.append(encode(p.SubAck(p.SUBACK, packet.id, bytes(codes)), session.version))
        self._listener.retained(session, retained)

    # Flow

    def _send(self, data: bytes) -> bool:
        """The session's way to its client; False: not now."""
        if self._closed or not self._writable or self._unsent > self._limits.unsent_bytes:
            return False
        self._out.append(data)
        self._unsent += len(data)
        self._listener.flush_soon(self)
        return True

    def flush(self) -> None:
        if self._out:
            data, self._out, self._unsent = b"".join(self._out), [], 0
            self._write(data)

    def _write(self, data: bytes) -> None:
        if not self._closed and not self._transport.is_closing():
            self._transport.write(data)

    def _regulate(self) -> None:
        """Read or do not read, as what is under way demands."""
        if self._closed or self._transport.is_closing():
            return
        now, crowded = self._loop.time(), self._listener.crowded
        owed = self._allowance.owed_s(now)
        most = self._limits.window if self._reading else self._limits.window // 2
        ready = self._held is None and self._writable and not crowded
        wanted = self._pending < most and ready and not owed
        if crowded:
            self._listener.paused.add(self)
        if owed and self._owing is None:
            self._owing = self._loop.call_later(owed, self._paid)
        if wanted and not self._reading:
            self._began = None if self._began is None else now
            self._transport.resume_reading()
        elif self._reading and not wanted:
            self._transport.pause_reading()
        self._reading = wanted

    regulate = _regulate

    def _paid(self) -> None:
        self._owing = None
        self._regulate()

    def _watch_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._watch)

    def _watch(self) -> None:
        """Runs when the client may have been silent too long."""
        now = self._loop.time()
        if self._session is None:
            self._end()
            return
        if self._writable and not self._reading:
            self._heard = now
        elif self._began is not None and now >= self._began + self._limits.packet_s:
            self.end(code_of.KEEP_ALIVE_TIMEOUT)
            return
        due = self._heard + (self._keep_alive if self._writable else self._limits.unread_s)
        if now < due:
            self._watch_in(min(max(due - now, 0.05), self._limits.packet_s))
        elif self._writable:
            self.end(code_of.KEEP_ALIVE_TIMEOUT)
        else:
            self._transport.abort()

    def _malformed(self, error: Malformed, data: bytes) -> None:
        if self._sender is not None:
            where = f"{self._sender.label} {error.fields['problem']}"
            self._listener.inlet.refuse(error.code, data[:65536], where)
        elif error.reason == p.UNSUPPORTED_VERSION:
            self._write(encode(p.ConnAck(False, 1)))
        self.end(error.reason)

    def end(self, code: int) -> None:
        """Say why, where the protocol can, and hang up. A will is then published."""
        self.flush()
        if self._session is not None and self._session.version == V5:
            self._write(encode(p.Disconnect(code), V5))
        self._end()

    def _end(self) -> None:
        self.flush()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._limits.unread_s, self._transport.abort)
        self._transport.close()
