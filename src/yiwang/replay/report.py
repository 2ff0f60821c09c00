"""What a replay found, for machines to check: stable names, and sums that reconcile."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text


@dataclass
class Measured:
    """What is measured while a recording runs. ``latency`` holds (seconds, findings)."""

    rows: int = 0
    empty: int = 0
    accepted: int = 0
    streaming_s: float = 0.0
    wall_s: float = 0.0
    latency: list[tuple[float, int]] = field(default_factory=list)


def totals(connection: Connection, source: str) -> dict[str, Any]:
    """The ledger of one source over all days: read = accepted + rejected + duplicate."""
    ledger = connection.execute(
        text(
            "SELECT coalesce(sum(received), 0) AS received, coalesce(sum(stored), 0) AS stored, "
            "coalesce(sum(duplicate), 0) AS duplicate FROM sensing_ledger WHERE source = :source"
        ),
        {"source": source},
    ).one()
    reasons = connection.execute(
        text(
            "SELECT reason, sum(count) AS n FROM sensing_ledger_reasons "
            "WHERE source = :source GROUP BY reason ORDER BY reason"
        ),
        {"source": source},
    )
    return {
        "read": int(ledger.received),
        "accepted": int(ledger.stored),
        "rejected": {row.reason: int(row.n) for row in reasons},
        "duplicate": int(ledger.duplicate),
    }


def findings(connection: Connection) -> dict[str, dict[str, int]]:
    """For each rule (``pack/rule``): how many findings stand, and how many of them are over."""
    rows = connection.execute(
        text(
            "SELECT pack, rule, count(*) AS raised, "
            "sum(CASE WHEN state = 'cleared' THEN 1 ELSE 0 END) AS cleared "
            "FROM findings WHERE state <> 'withdrawn' GROUP BY pack, rule ORDER BY pack, rule"
        )
    )
    return {
        f"{row.pack}/{row.rule}": {"raised": int(row.raised), "cleared": int(row.cleared)}
        for row in rows
    }


def cases(connection: Connection) -> dict[str, int]:
    """Cases opened; findings and reports that joined an open case; cases that have ended."""
    opened, closed = connection.execute(
        text(
            "SELECT count(*), coalesce(sum(CASE WHEN kind = 'done' THEN 1 ELSE 0 END), 0) "
            "FROM cases"
        )
    ).one()
    sources = connection.execute(text("SELECT count(*) FROM case_sources")).scalar() or 0
    return {"opened": int(opened), "merged": int(sources) - int(opened), "closed": int(closed)}


def latency(measured: Sequence[tuple[float, int]]) -> dict[str, float | None]:
    """From the moment a batch was handed in until its findings were durable, in milliseconds."""
    spread = sorted(measured)
    count = sum(number for _, number in spread)
    return {
        "p50": _percentile(spread, count * 0.50),
        "p99": _percentile(spread, count * 0.99),
    }


def _percentile(spread: Sequence[tuple[float, int]], rank: float) -> float | None:
    passed = 0
    for seconds, number in spread:
        passed += number
        if passed >= rank:
            return round(seconds * 1000, 3)
    return None


def peak_mb() -> float:
    """Largest resident size of this process so far, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def build(connection: Connection, source: str, measured: Measured) -> dict[str, Any]:
    rate = measured.accepted / measured.streaming_s if measured.streaming_s else 0.0
    return {
        "source": source,
        "rows": measured.rows,
        "empty_cells": measured.empty,
        **totals(connection, source),
        "findings": findings(connection),
        "cases": cases(connection),
        "observations_per_s": round(rate, 1),
        "finding_latency_ms": latency(measured.latency),
        "wall_s": round(measured.wall_s, 3),
        "peak_rss_mb": peak_mb(),
    }
