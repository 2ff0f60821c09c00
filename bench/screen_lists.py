"""The lists, counts and maps of cases that a screen asks for, over HTTP, one client."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from bench.wire import request, round_of

ASKED = {
    "newest": "limit=50",
    "open": "kind=open",
    "state": "state=dispatched",
    "class and open": "case_class=bench.lamp&kind=open",
    "class and done": "case_class=bench.lamp&kind=done",
    "grid and open": "grid=57&kind=open",
    "organisation and open": "organisation=2&kind=open",
    "overdue": "overdue=1&kind=open&sort=due",
    "by deadline": "kind=open&sort=due",
    "words, two signs": f"q={quote('井盖')}",
    "words, an address": f"q={quote('人民东路17号')}",
    "words of none": f"q={quote('火山爆发')}",
    "words of none, one sign": f"q={quote('龘')}",
    "box, a street": "box=116.50,39.50,116.52,39.52&kind=open",
    "box, the city": "box=116,39,117,40&kind=open",
}


def measured(root: str, tokens: dict[str, str], seconds: float) -> dict[str, dict[str, float]]:
    """p50 and p99 of each in milliseconds, and how many failed."""
    found = {}
    for who in ("centre", "unit1"):
        headers = {"Authorization": f"Bearer {tokens[who]}"}
        for name, query in ASKED.items():
            found[f"{name} ({who})"] = _one(root, headers, f"api/cases?{query}", seconds)
        found[f"summary ({who})"] = _one(root, headers, "api/cases/summary", seconds)
    return found


def _one(root: str, headers: dict[str, str], path: str, seconds: float) -> dict[str, float]:
    def asking(_: int) -> Iterator[bytes]:
        while True:
            yield request(root, "GET", path, headers)

    timings = round_of(root, asking, 1, seconds)
    return {
        "p50_ms": round(timings.ms(50), 1),
        "p99_ms": round(timings.ms(99), 1),
        "asked": len(timings.taken_s),
        "failed": len(timings.failures),
    }
