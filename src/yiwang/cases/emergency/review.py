"""The review of an incident (复盘): what its own record says of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.cases.emergency.jobs import Job
from yiwang.kernel.clock import MINUTE


def figures(row: Any, jobs: Sequence[Job], log: Sequence[Any], now: int) -> dict[str, Any]:
    """Instants in microseconds, spans in minutes (None where it never came to that):
    from the start to the first task taken, to the last task done, to the end; tasks by what
    became of them; who was told of what, in the order of the log."""
    taken = [job.taken_at for job in jobs if job.taken_at is not None]
    done = [job.settled_at for job in jobs if job.state == "done" and job.settled_at is not None]
    first, last = min(taken, default=None), max(done, default=None)
    end = row.ended_at if row.ended_at is not None else now
    return {
        "started_at": row.started_at,
        "first_taken_at": first,
        "all_done_at": last,
        "ended_at": row.ended_at,
        "minutes_to_first": _minutes(row.started_at, first),
        "minutes_to_done": _minutes(row.started_at, last),
        "minutes": _minutes(row.started_at, end),
        "tasks": len(jobs),
        "done": sum(job.state == "done" for job in jobs),
        "cancelled": sum(job.state == "cancelled" for job in jobs),
        "late": [job.id for job in jobs if job.late],
        "escalated": [job.id for job in jobs if job.escalated],
        "levels": [
            {"at": line.at, "from": line.details.get("from"), "to": line.details.get("to")}
            for line in log
            if line.kind == "decision" and line.event in ("raised", "lowered")
        ],
        "told": [
            {"at": line.at, "event": line.event, "to": [one["name"] for one in line.details["to"]]}
            for line in log
            if line.kind == "message" and "to" in line.details
        ],
    }


def _minutes(start: int, end: int | None) -> float | None:
    return None if end is None else round((end - start) / MINUTE, 1)
