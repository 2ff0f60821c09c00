"""Light devices report to a running home over real sockets, through another implementation's
client and through datagrams of our own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiocoap
import pytest
from aiocoap.numbers.codes import Code

from tests.sensing.protocols.running import Home, kinds, until
from yiwang.kernel.clock import SECOND, ManualClock
from yiwang.sensing.protocols.coap.adapter import LIMITS, Coap
from yiwang.sensing.protocols.coap.model import message as coap
from yiwang.sensing.protocols.coap.model.message import Message, Type, decode, encode
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.http_json import HttpJson
from yiwang.sensing.protocols.limits import Limits
from yiwang.store.database import Database

NOW = 1_782_864_000
SECRET = "s3cret"
KINDS = """
kinds:
  bin:
    properties:
      fill: {unit: "%", valid: {least: 0, most: 100}}
      temperature: {unit: degC}
    protocols:
      http_json:
        values: {fill: data.fill, temperature: t}
        time: at
  meter:
    properties:
      litres: {unit: L}
    mqtt: {topic: "meters/{device}", values: {litres: v}}
"""


class Light(Home):
    def __init__(self, folder: Path, database: Database, limits: Limits = LIMITS) -> None:
        adapters = {"coap": Coap(limits), "http_json": HttpJson()}
        clock = ManualClock(NOW * SECOND)
        super().__init__(folder, database, KINDS, adapters=adapters, clock=clock)

    def __enter__(self) -> Light:
        super().__enter__()
        self.bin = self.register("B7", SECRET)
        self.meter = self.register("M1", SECRET, kind="test.meter")
        return self

    def ask(self, path: str, payload: bytes, **more: Any) -> aiocoap.Message:
        """A request of another implementation's client, in an event loop of its own."""
        port = self.field.ports["coap"].number
        form = more.pop("form", None)

        async def run() -> aiocoap.Message:
            context = await aiocoap.Context.create_client_context(transports=["simple6"])
            request = aiocoap.Message(
                code=more.pop("code", aiocoap.POST),
                payload=payload,
                uri=f"coap://127.0.0.1:{port}/{path}",
                **more,
            )
            if form is not None:
                request.opt.content_format = form
            try:
                return await asyncio.wait_for(context.request(request).response, 20)
            finally:
                await context.shutdown()

        return asyncio.run(run())

    @contextmanager
    def plug(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            plug.connect(("127.0.0.1", self.field.ports["coap"].number))
            plug.settimeout(20)
            yield plug


def report(number: int, payload: bytes = b'{"t": 4}', **changes: Any) -> bytes:
    options = [(coap.URI_PATH, part) for part in (b"r", b"test.bin", b"B7")]
    options += [(coap.URI_QUERY, b"secret=" + SECRET.encode())]
    fields = {
        "type": Type.CON,
        "code": coap.POST,
        "id": number,
        "token": b"tk",
        "options": tuple(options),
        "payload": payload,
    }
    return encode(Message(**{**fields, **changes}))


def patiently(plug: socket.socket, sent: bytes) -> bytes:
    """Send, and send again as CoAP asks for, until there is an answer."""
    plug.settimeout(0.5)
    for _ in range(40):
        plug.send(sent)
        try:
            return plug.recv(2048)
        except TimeoutError:
            continue
    raise AssertionError("no answer")


def test_json_is_stored_then_answered(tmp_path: Path, database: Database) -> None:
    with Light(tmp_path, database) as home:
        sent = b'{"data": {"fill": 63.5}, "t": -4, "at": "2026-07-01T08:00:00+08:00"}'
        said = home.ask(f"r/test.bin/B7?secret={SECRET}", sent, form=50)
        assert said.code == Code.CHANGED
        assert home.results(home.bin, "fill") == [63.5]
        assert home.results(home.bin, "temperature") == [-4.0]
        assert home.ask(f"r/test.bin/B7/{SECRET}", sent, code=aiocoap.PUT).code == Code.CHANGED
        assert home.ledger("coap") == (4, 2, 2, 0)


def test_cbor_and_a_plain_number_are_read(tmp_path: Path, sqlite: Database) -> None:
    with Light(tmp_path, sqlite) as home:
        packed = bytes.fromhex("a2617420" + "6464617461" + "a16466696c6cf94900")
        assert home.ask(f"r/test.bin/B7?secret={SECRET}", packed, form=60).code == Code.CHANGED
        assert home.results(home.bin, "temperature") == [-1.0]
        assert home.results(home.bin, "fill") == [10.0]
        assert home.ask(f"r/test.meter/M1?secret={SECRET}", b"12.25", form=0).code == Code.CHANGED
        assert home.results(home.meter, "litres") == [12.25]
        wrong = home.ask(f"r/test.bin/B7?secret={SECRET}", b"\xc2\x41\x01", form=60)
        assert wrong.code == Code.BAD_REQUEST and b"sensing.not_cbor" in wrong.payload
        assert home.rejections("coap")[0].raw == b"\xc2\x41\x01"


def test_a_long_report_comes_in_blocks(tmp_path: Path, sqlite: Database) -> None:
    with Light(tmp_path, sqlite) as home:
        sent = b'{"t": 21, "note": "' + b"x" * 9000 + b'"}'
        assert home.ask(f"r/test.bin/B7?secret={SECRET}", sent).code == Code.CHANGED
        assert home.results(home.bin, "temperature") == [21.0]
        too_long = home.ask(f"r/test.bin/B7?secret={SECRET}", b" " * 70_000)
        assert too_long.code == Code.REQUEST_ENTITY_TOO_LARGE
        assert home.ledger("coap") == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("path", "payload", "form", "code", "word"),
    [
        ("r/test.bin/B7?secret=wrong", b"{}", 50, "4.01", "sensing.wrong_secret"),
        ("r/test.bin/B7", b"{}", 50, "4.01", "sensing.wrong_secret"),
        ("r/test.bin/B8?secret=s3cret", b"{}", 50, "4.01", "sensing.wrong_secret"),
        ("temperature", b"{}", 50, "4.04", "sensing.coap_path"),
        ("r/test.bin/B7?secret=s3cret", b"<t/>", 41, "4.15", "sensing.coap_format"),
        ("r/test.bin/B7?secret=s3cret", b"{", 50, "4.00", "sensing.not_json"),
        ("r/test.bin/B7?secret=s3cret", b"[1]", 50, "4.00", "sensing.wrong_shape"),
        ("r/test.bin/B7?secret=s3cret", b"{}", 50, "4.00", "sensing.nothing_observed"),
        (
            "r/test.bin/B7?secret=s3cret",
            b'{"data": {"fill": 101}}',
            50,
            "4.00",
            "sensing.out_of_range",
        ),
    ],
)
def test_what_is_refused_says_why_and_is_kept(
    tmp_path: Path, sqlite: Database, path: str, payload: bytes, form: int, code: str, word: str
) -> None:
    with Light(tmp_path, sqlite) as home:
        said = home.ask(path, payload, form=form)
        assert said.code.dotted == code
        assert said.payload.decode().startswith(f"{word}: ")
        assert home.ledger("coap") == (1, 0, 0, 1)
        [kept] = home.rejections("coap")
        assert kept.reason == word and payload in kept.raw
        assert b"s3cret" not in kept.raw and b"=wrong" not in kept.raw


def test_a_device_reports_for_no_other(tmp_path: Path, sqlite: Database) -> None:
    with Light(tmp_path, sqlite) as home:
        home.register("B9", "another")
        said = home.ask("r/test.bin/B7?secret=another", b'{"t": 1}')
        assert said.code == Code.UNAUTHORIZED
        assert home.results(home.bin, "temperature") == []


def test_a_token_of_a_person_who_may_write_reports_for_any_device(
    tmp_path: Path, sqlite: Database
) -> None:
    with Light(tmp_path, sqlite) as home:
        token = home.token("administrator")["authorization"].split()[1]
        assert home.ask(f"r/test.bin/B7?token={token}", b'{"t": 1}').code == Code.CHANGED
        missing = home.ask(f"r/test.bin/B0?token={token}", b'{"t": 1}')
        assert missing.code == Code.NOT_FOUND and b"sensing.unknown_device" in missing.payload


def test_a_message_sent_again_is_answered_again_and_stored_once(
    tmp_path: Path, sqlite: Database
) -> None:
    with Light(tmp_path, sqlite) as home, home.plug() as plug:
        answers = []
        for _ in range(3):
            plug.send(report(9))
            answers.append(plug.recv(2048))
        assert len(set(answers)) == 1
        said = decode(answers[0])
        assert (said.type, said.code, said.id, said.token) == (Type.ACK, coap.CHANGED, 9, b"tk")
        assert home.ledger("coap") == (1, 1, 0, 0)


def test_messages_that_are_no_report(tmp_path: Path, sqlite: Database) -> None:
    with Light(tmp_path, sqlite) as home, home.plug() as plug:
        plug.send(encode(Message(Type.CON, coap.EMPTY, 1)))
        assert decode(plug.recv(2048)) == Message(Type.RST, coap.EMPTY, 1)
        plug.send(report(2, type=Type.NON))
        said = decode(plug.recv(2048))
        assert (said.type, said.code, said.token) == (Type.NON, coap.CHANGED, b"tk")
        plug.send(report(3, code=1))
        assert decode(plug.recv(2048)).code == coap.NOT_ALLOWED
        plug.send(report(4, options=((coap.PROXY_URI, b"coap://elsewhere/"),)))
        assert decode(plug.recv(2048)).code == coap.NO_PROXY
        plug.send(report(5, options=((9, b""),)))
        assert decode(plug.recv(2048)).code == coap.BAD_OPTION
        plug.send(report(6, options=(*decode(report(0)).options, (coap.BLOCK1, b"\x07"))))
        assert decode(plug.recv(2048)).code == coap.BAD_OPTION
        plug.send(report(7, options=(*decode(report(0)).options, (coap.BLOCK1, b"\x1e"))))
        assert decode(plug.recv(2048)).code == coap.INCOMPLETE
        plug.send(encode(Message(Type.ACK, coap.EMPTY, 6)))
        plug.send(encode(Message(Type.RST, coap.EMPTY, 6)))
        plug.send(b"\xff\xff\xff\xff")
        until(lambda: home.ledger("coap")[3])
        assert home.rejections("coap")[0].reason == "sensing.coap_no_message"


def test_a_flood_of_one_client_is_not_read_and_another_is_served(
    tmp_path: Path, sqlite: Database
) -> None:
    limits = Limits(frame_bytes=2048, frames_per_s=5, window=4)
    with Light(tmp_path, sqlite, limits) as home, home.plug() as hostile, home.plug() as good:
        for number in range(400):
            hostile.send(report(number, b"x" * 3000 if number % 2 else b"{}"))
        assert decode(patiently(good, report(1))).code == coap.CHANGED
        station = home.field.stations["coap"]
        assert station.dropped > 0
        assert home.ledger("coap")[0] < 100


def test_a_mapping_of_its_own_is_refused() -> None:
    text = "kinds: {bin: {properties: {fill: {}}, protocols: {coap: {values: {fill: f}}}}}"
    with pytest.raises(BadMapping, match="http_json or mqtt"):
        kinds(text, {"coap": Coap()})
