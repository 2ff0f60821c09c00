"""What the fuzzers begin with: frames that documents print or that the packs carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yiwang
from tests.sensing.protocols.hj212 import test_codec as hj212
from tests.sensing.protocols.jt808 import examples as jt808
from tests.sensing.protocols.sl651 import examples as sl651
from yiwang.sensing.protocols.coap.model import message as coap
from yiwang.sensing.protocols.gb26875.model.frame import Command, Frame, encode
from yiwang.sensing.protocols.hj212.model import packet
from yiwang.sensing.protocols.jt808.model import frames as vehicle_frames
from yiwang.sensing.protocols.sl651.model import frames as station_frames


def _station(content: bytes) -> bytes:
    """A report of any function; the first byte is the function, the rest the body."""
    body = content[1:4000] or b"\0"
    function = content[0] if content else 0
    frame = station_frames.Frame(
        station_frames.Coding.HEX, False, 1, "0012345678", 1, function, station_frames.ETX, body
    )
    return station_frames.encode(frame)


def _terminal(content: bytes) -> bytes:
    """A message of any kind by a terminal that authenticated."""
    kind = int.from_bytes(content[:2], "big")
    hello = vehicle_frames.Message(0x0102, "013900000001", 1, b"code")
    said = vehicle_frames.Message(kind, "013900000001", 2, content[2:1025])
    return vehicle_frames.encode(hello) + vehicle_frames.encode(said)


SEAL: dict[str, Callable[[bytes], bytes]] = {
    "hj212": lambda content: packet.frame(content[:9999]),
    "gb26875": lambda content: encode(Frame(1, Command.SEND, 889, 88888, content[21:1045])),
    "coap": lambda content: coap.encode(
        coap.Message(coap.Type.CON, coap.POST, 1, b"t", _PATH, content)
    ),
    "sl651": _station,
    "jt808": _terminal,
}
"""What makes a correct frame of any content: a fuzzer seldom finds a checksum."""

_PATH = ((coap.URI_PATH, b"r"), (coap.URI_PATH, b"k"), (coap.URI_PATH, b"1"))
_CBOR = (*_PATH, (coap.CONTENT_FORMAT, b"\x3c"))
_BLOCK = (*_PATH, (coap.BLOCK1, b"\x0e"))

PACKS = Path(yiwang.__file__).parent / "packs" / "builtin"


def _hexadecimal(module: object) -> list[bytes]:
    """Every constant of a module that is a frame in hexadecimal digits."""
    texts = [
        text for name, text in vars(module).items() if name.isupper() and isinstance(text, str)
    ]
    return [bytes.fromhex(text) for text in texts]


def _lines(path: str) -> list[str]:
    return (PACKS / path).read_text(encoding="utf-8").splitlines()


SEEDS: dict[str, list[bytes]] = {
    "hj212": [
        hj212.APPENDIX_A_2017,
        hj212.APPENDIX_A2_2025,
        *(
            line.encode() + b"\r\n"
            for line in _lines("river_pollution/recordings/hj212.txt")
            if line.startswith("##")
        ),
    ],
    "sl651": _hexadecimal(sl651),
    "jt808": _hexadecimal(jt808),
    "coap": [
        coap.encode(coap.Message(kind, coap.POST, 7, b"tok", options, payload))
        for kind in (coap.Type.CON, coap.Type.NON)
        for options, payload in (
            (_PATH, b'{"t": 1}'),
            (_CBOR, b"\xa1\x61t\xf9\x3c\x00"),
            (_BLOCK, bytes(1024)),
        )
    ],
    "gb26875": [
        bytes.fromhex(line.partition("#")[0])
        for line in _lines("small_premises_fire/recordings/gb26875.hex")
    ],
}
