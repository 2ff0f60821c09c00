"""The load of ``bench.lifecycle``, a process of its own: so many connections at once, each taking
one case after the other through its life (create, assign, resolve, search) over HTTP/1.1.

    python -m bench.lifecycle_load URL --tokens FILE.json --seconds 20 [--at-once 16] [--minimal]
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
from bench.stored_cases import CLASSES, GRIDS, words
from bench.wire import Wire, request

CALLS = ("create", "assign", "resolve", "search")
Ask = tuple[str, bytes]


class _Case(msgspec.Struct):
    """What a program needs of an answer, whole or short."""

    no: int
    state: str
    version: int


_found = msgspec.json.Decoder(_Case).decode


class Load:
    def __init__(self, root: str, tokens: dict[str, str], minimal: bool = False) -> None:
        self._root = root
        prefer = {"Prefer": "return=minimal"} if minimal else {}
        self._as = {
            name: {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"} | prefer
            for name, token in tokens.items()
        }
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []
        self.lives = 0

    def life(self, chance: random.Random) -> Generator[Ask, bytes, None]:
        """One lifecycle: yields what to ask, is sent the answers."""
        kind = chance.randrange(len(CLASSES))
        said, road = words(chance)
        lon, lat = round(116 + chance.random(), 6), round(39 + chance.random(), 6)
        report = {"case_class": f"bench.{CLASSES[kind]}", "text": said, "address": road}
        report |= {"lon": lon, "lat": lat}
        found = _found((yield "create", self._post("centre", "api/cases", report)))
        no = found.no
        if found.state == "reported":
            sent = {"version": found.version}
            found = _found((yield "assign", self._post("centre", f"api/cases/{no}/dispatch", sent)))
        done = {"text": "已处理完毕", "version": found.version}
        yield "resolve", self._post(f"unit{kind}", f"api/cases/{no}/report", done)
        yield "search", self._get(self._search(chance, no, road))

    def _search(self, chance: random.Random, no: int, road: str) -> str:
        asked = (
            f"q={no}",
            f"q={no}",
            f"q={quote(road)}",
            f"kind=open&grid={chance.randrange(GRIDS) + 1}",
        )
        return f"api/cases?limit=20&{chance.choice(asked)}"

    def _post(self, who: str, path: str, body: Any) -> bytes:
        return request(self._root, "POST", path, self._as[who], msgspec.json.encode(body))

    def _get(self, path: str) -> bytes:
        return request(self._root, "GET", path, self._as["centre"])

    def run(self, seconds: float, at_once: int, seed: int) -> float:
        """Returns how long it took."""
        with selectors.DefaultSelector() as selector:
            lines = [_Line(self, random.Random(seed * 1000 + number)) for number in range(at_once)]
            for line in lines:
                line.wire = Wire(self._root)
                selector.register(line.wire.socket, selectors.EVENT_READ, line)
            began = time.perf_counter()
            for line in lines:
                line.ask()
            left = len(lines)
            while left:
                for key, _ in selector.select(60):
                    answer = key.data.wire.receive()
                    if answer is not None and not key.data.heard(
                        answer, time.perf_counter() - began < seconds
                    ):
                        left -= 1
            return time.perf_counter() - began


class _Line:
    wire: Wire

    def __init__(self, load: Load, chance: random.Random) -> None:
        self._load = load
        self._chance = chance
        self._since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._life = self._load.life(self._chance)
        self._what, self._asked = next(self._life)

    def ask(self) -> None:
        self._since = time.perf_counter()
        self.wire.send(self._asked)

    def heard(self, answer: bytes, goes_on: bool) -> bool:
        """Take an answer, ask the next; False when this was the last."""
        load = self._load
        load.taken[self._what].append(time.perf_counter() - self._since)
        head, _, body = answer.partition(b"\r\n\r\n")
        try:
            if head[9:10] != b"2":
                raise StopIteration(f"{self._what}: {answer[:400]!r}")
            self._what, self._asked = self._life.send(body)
        except StopIteration as over:
            if over.value is None and not over.args:
                load.lives += 1
            else:
                load.failures.append(str(over))
            if not goes_on:
                return False
            self._begin()
        self.ask()
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minimal", action="store_true", help="ask for short answers")
    given = parser.parse_args()
    load = Load(given.url, json.loads(given.tokens.read_text()), given.minimal)
    before = time.process_time()
    seconds = load.run(given.seconds, given.at_once, given.seed)
    print(json.dumps(reported(load, seconds, time.process_time() - before)))


def reported(load: Load, seconds: float, processor_s: float) -> dict[str, Any]:
    lasted = [one for name in CALLS for one in load.taken[name]]
    calls = {name: _times(load.taken[name]) for name in CALLS}
    return {
        "per_s": round(load.lives / seconds, 1),
        "lives": load.lives,
        "calls": calls,
        "all": _times(lasted),
        "failed": len(load.failures),
        "failures": load.failures[:3],
        "load_processor_s": round(processor_s, 2),
    }


def _times(taken: list[float]) -> dict[str, float]:
    if not taken:
        return {}
    p50, p95, p99 = (round(float(value) * 1000, 1) for value in np.percentile(taken, (50, 95, 99)))
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


if __name__ == "__main__":
    main()
