"""What the fuzzers begin with: frames that documents print or that the packs carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yiwang
from tests.sensing.protocols.hj212 import test_codec as hj212
from tests.sensing.protocols.jt808 import examples as jt808
from tests.sensing.protocols.sl651 import examples as sl651
from yiwang.sensing.protocols.hj212.model import packet

SEAL: dict[str, Callable[[bytes], bytes]] = {"hj212": lambda content: packet.frame(content[:9999])}
"""What makes a correct frame of any content: a fuzzer seldom finds a checksum."""

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
    "gb26875": [
        bytes.fromhex(line.partition("#")[0])
        for line in _lines("small_premises_fire/recordings/gb26875.hex")
    ],
}
