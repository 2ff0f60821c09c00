"""Fuzz one adapter with atheris until it is stopped, or as long as ``-max_total_time`` says:

    python -m tests.fuzz hj212 -max_total_time=60

What follows the name goes to libFuzzer. An input that breaks something is written to a file
``crash-…``; give it as the last argument to see it again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed; it exists for Linux on x86-64: pip install atheris")

with atheris.instrument_imports(include=["yiwang.sensing.protocols"]):
    from tests.fuzz.corpus import SEAL, SEEDS
    from tests.fuzz.datagrams import Datagrams
    from tests.fuzz.world import World
    from yiwang.sensing.protocols.adapter import installed


def main() -> None:
    names = ", ".join(sorted(SEEDS))
    if len(sys.argv) < 2 or sys.argv[1] not in SEEDS:
        sys.exit(f"say which adapter: {names}")
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["yiwang.sensing.protocols"]):
        world = Datagrams() if name == "coap" else World(installed()[name])
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(SEEDS[name]):
        (folder / str(number)).write_bytes(bytes([98]) + seed)

    def one(data: bytes) -> None:
        """The first byte says how the stream is cut, and whether the rest is content that a
        correct frame is made of."""
        cut, rest = data[0] if data else 0, data[1:]
        world.take(SEAL[name](rest) if cut & 1 and name in SEAL else rest, cut + 1)

    atheris.Setup([*sys.argv, str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
