"""A vehicle terminal for tests, and a home with a truck for it."""

from __future__ import annotations

from pathlib import Path

from tests.sensing.protocols.running import Client, Home
from yiwang.kernel.clock import ManualClock, parse
from yiwang.sensing.protocols.jt808.adapter import LIMITS, Jt808
from yiwang.sensing.protocols.jt808.conversation import Manners
from yiwang.sensing.protocols.jt808.model import bodies, frames, positions
from yiwang.sensing.protocols.jt808.model.bodies import Answer, Registration
from yiwang.sensing.protocols.jt808.model.frames import Message
from yiwang.sensing.protocols.jt808.model.positions import Position
from yiwang.sensing.protocols.limits import Limits
from yiwang.store.database import Database

NOW = parse("2026-07-01T08:30:00+08:00")
PHONE = "013912345678"
KIND = """
kinds:
  truck:
    properties:
      speed: {unit: km/h, valid: {least: 0, most: 250}}
      mileage: {unit: km}
      emergency: {unit: "1"}
      position: {type: text}
    protocols:
      jt808:
        values:
          speed: speed
          mileage: mileage
          emergency: alarm.0
          position: position
        move: {seconds: 60, metres: 100}
"""
HERE = Position(
    alarm=1,
    state=positions.FIXED,
    lon=116.481,
    lat=39.991,
    altitude=43,
    speed=36.5,
    heading=90,
    time=NOW,
    items={0x01: (12345).to_bytes(4, "big"), 0xE1: b"\x0a\x0b"},
)
SAID = Registration(11, 105, "ACME", "T-1", "7654321", 1, "京A12345")


def home(
    tmp_path: Path,
    database: Database,
    limits: Limits = LIMITS,
    manners: Manners | None = None,
) -> Home:
    adapters = {"jt808": Jt808(limits, manners)}
    return Home(tmp_path, database, KIND, adapters=adapters, clock=ManualClock(NOW))


class Terminal:
    """One vehicle terminal."""

    def __init__(self, client: Client, version: int = frames.V2013, phone: str = PHONE) -> None:
        self.client = client
        self.version = version
        self.phone = phone.zfill(20) if version else phone
        self.serial = 0

    def message(self, kind: int, body: bytes = b"") -> Message:
        self.serial += 1
        return Message(kind, self.phone, self.serial, body, self.version)

    def send(self, kind: int, body: bytes = b"") -> Message:
        sent = self.message(kind, body)
        self.client.send(frames.encode(sent))
        return sent

    def heard(self) -> Message:
        assert self.client.take(1) == b"\x7e", "the connection ended"
        return frames.decode(b"\x7e" + self.client.until(b"\x7e"))

    def answer(self) -> Answer:
        heard = self.heard()
        assert heard.kind == bodies.PLATFORM_ANSWER
        return bodies.read_answer(heard.body)

    def register(self, said: Registration = SAID) -> tuple[int, str]:
        """Result and authentication code."""
        sent = self.send(bodies.REGISTER, bodies.write_registration(said, self.version))
        heard = self.heard()
        assert heard.kind == bodies.REGISTERED
        serial, result, code = bodies.read_registered(heard.body)
        assert serial == sent.serial
        return result, code

    def authenticate(self, code: str) -> int:
        body = bodies.write_authentication(code, self.version, "123456789012345", "1.0")
        self.send(bodies.AUTHENTICATE, body)
        return self.answer().result

    def sign_in(self) -> Terminal:
        result, code = self.register()
        assert result == bodies.REGISTRATION_DONE
        assert self.authenticate(code) == bodies.DONE
        return self

    def report(self, position: Position) -> int:
        sent = self.send(bodies.POSITION, positions.write(position))
        answer = self.answer()
        assert (answer.serial, answer.kind) == (sent.serial, bodies.POSITION)
        return answer.result
