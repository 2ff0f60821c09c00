"""One light device, or the gateway it sits behind, over CoAP."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yiwang.kernel import clock as time
from yiwang.sensing.errors import NotAllowedToWrite, Refused, UnknownDevice
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.protocols.coap.errors import NoSuchPath, UnknownFormat
from yiwang.sensing.protocols.coap.model import message as coap
from yiwang.sensing.protocols.coap.model.block import (
    Assembly,
    Block,
    Incomplete,
    NoRoom,
    Room,
    TooLarge,
)
from yiwang.sensing.protocols.coap.model.message import Message, Type
from yiwang.sensing.protocols.coap.report import Formats
from yiwang.sensing.protocols.errors import BadCommand, NotStored, WrongSecret
from yiwang.sensing.protocols.link import Link
from yiwang.sensing.protocols.report import Reports

REMEMBERED = 16
LIFETIME = 247 * time.SECOND
"""How long an answer is given again to a message that comes again (EXCHANGE_LIFETIME)."""

CODES: Mapping[str, int] = {
    WrongSecret.code: coap.UNAUTHORIZED,
    NotAllowedToWrite.code: coap.FORBIDDEN,
    UnknownDevice.code: coap.NOT_FOUND,
    "sensing.unknown_topic": coap.NOT_FOUND,
    NoSuchPath.code: coap.NOT_FOUND,
    UnknownFormat.code: coap.UNSUPPORTED,
}
"""Reason → code of the answer; any other is 4.00."""


Options = tuple[tuple[int, bytes], ...]
WAIT: Options = ((coap.MAX_AGE, coap.unsigned(60)),)


class Conversation:
    """Implements ``link.Conversation``: requests are answered one after another, each when what
    it reports is durable."""

    def __init__(self, link: Link, formats: Formats, room: Room) -> None:
        self._link = link
        self._station = link.station
        self._formats = formats
        self._blocks = Assembly(room)
        self._sent: OrderedDict[int, tuple[int, bytes]] = OrderedDict()
        self._last_id = 0

    async def handle(self, raw: bytes) -> None:
        asked = coap.decode(raw)
        if not asked.request:
            if asked.type == Type.CON:
                self._link.send(coap.encode(Message(Type.RST, coap.EMPTY, asked.id)))
            return
        if asked.type not in (Type.CON, Type.NON):
            return
        now = self._station.clock.now()
        before = self._sent.get(asked.id)
        if before is not None and now < before[0] + LIFETIME:
            self._link.send(before[1])
            return
        answer = coap.encode(await self._answer(asked))
        self._sent[asked.id] = (now, answer)
        self._sent.move_to_end(asked.id)
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        self._link.send(answer)

    async def _answer(self, asked: Message) -> Message:
        unknown = asked.unknown()
        if unknown in (coap.PROXY_URI, coap.PROXY_SCHEME):
            return self._reply(asked, coap.NO_PROXY)
        if unknown is not None:
            return self._reply(asked, coap.BAD_OPTION, f"option {unknown} is not understood")
        if asked.code not in (coap.POST, coap.PUT):
            return self._reply(asked, coap.NOT_ALLOWED, "POST or PUT to r/<kind>/<code>")
        try:
            sender, kind, code, reports = await self._checked(asked)
        except Refused as error:
            kept = coap.encode(replace(asked, options=_masked(asked.options)))
            await self._station.reject(error, kept, self._link.peer)
            return self._refusal(asked, error)
        payload = asked.payload
        options: Options = ()
        value = asked.number(coap.BLOCK1)
        if value is not None:
            options = ((coap.BLOCK1, coap.unsigned(value)),)
            whole = self._assembled(asked, value)
            if isinstance(whole, int):
                return self._reply(asked, whole, options=options)
            payload = whole
        try:
            await reports.take(sender, kind, code, payload)
        except NotStored:
            return self._reply(asked, coap.UNAVAILABLE, options=WAIT)
        except Refused as error:
            self._station.rejected += 1
            return self._refusal(asked, error, options)
        self._station.rows += 1
        return self._reply(asked, coap.CHANGED, options=options)

    async def _checked(self, asked: Message) -> tuple[Sender, str, str, Reports]:
        """Who reports for which device in which form. Raises NoSuchPath, WrongSecret,
        UnknownFormat."""
        path = asked.texts(coap.URI_PATH)
        if not 3 <= len(path) <= 4 or path[0] != "r":
            raise NoSuchPath(path="/".join(path)[:80])
        _, kind, code, *more = path
        secret = more[0] if more else _secret(asked.texts(coap.URI_QUERY))
        sender = await self._station.sender(f"{kind}/{code}", secret)
        form = asked.number(coap.CONTENT_FORMAT)
        reports = self._formats.get(form)
        if reports is None:
            raise UnknownFormat(format=form)
        return sender, kind, code, reports

    def _assembled(self, asked: Message, value: int) -> bytes | int:
        """The payload with its last block; before it, or where it fails, the code to answer."""
        part = Block.of(value)
        if part is None:
            return coap.BAD_OPTION
        announced = asked.number(coap.SIZE1) or 0
        try:
            whole = self._blocks.take(_key(asked), part, asked.payload, announced)
        except Incomplete:
            return coap.INCOMPLETE
        except TooLarge:
            return coap.TOO_LARGE
        except NoRoom:
            return coap.UNAVAILABLE
        return coap.CONTINUE if whole is None else whole

    def _refusal(self, asked: Message, error: Refused, options: Options = ()) -> Message:
        number = CODES.get(error.code, coap.BAD_REQUEST)
        return self._reply(asked, number, f"{error.code}: {error.what('en')}", options)

    def _reply(
        self,
        asked: Message,
        code: int,
        text: str = "",
        options: Options = (),
    ) -> Message:
        """A confirmable request is answered within its acknowledgement, another by a message of
        its own."""
        kind, number = Type.ACK, asked.id
        if asked.type == Type.NON:
            self._last_id = (self._last_id + 1) & 0xFFFF
            kind, number = Type.NON, self._last_id
        return Message(kind, code, number, asked.token, options, text.encode()[:512])

    async def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise BadCommand(name, command=name, problem="devices of CoAP are not commanded")

    def lost(self) -> None:
        self._sent.clear()
        self._blocks.clear()


def _secret(queries: list[str]) -> str:
    for query in queries:
        name, _, value = query.partition("=")
        if name in ("secret", "token"):
            return value
    return ""


def _masked(options: Options) -> Options:
    """The options as they are kept: without the secret."""
    found: list[tuple[int, bytes]] = []
    parts = 0
    for number, value in options:
        parts += number == coap.URI_PATH
        if number == coap.URI_QUERY and value.startswith((b"secret=", b"token=")):
            value = value.partition(b"=")[0] + b"=***"
        elif number == coap.URI_PATH and parts > 3:
            value = b"***"
        found.append((number, value))
    return tuple(found)


def _key(asked: Message) -> Options:
    mine = (coap.BLOCK1, coap.SIZE1)
    return tuple(option for option in asked.options if option[0] not in mine)
