"""``yiwang cases import``: a file's rows, read, ordered by time and taken in batch by batch.

Batches are the same at every run and each is one transaction, so an import that was killed
goes on where it stopped and ends as if it had not been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yiwang.cases.importing import model, report, service
from yiwang.cases.importing.mapping import ImportMapping
from yiwang.cases.importing.model import RowRefused
from yiwang.cases.importing.nouns import Names
from yiwang.cases.importing.reader import Reader
from yiwang.cases.importing.service import Begun, Event
from yiwang.cases.scoring import results
from yiwang.security.actions import Caller, Context

Progress = Callable[[int, str], None]

BATCH = 4000
"""Events (openings and closings) of one transaction."""


@dataclass
class _Read:
    """What a first look at the file found: ``when`` are (instant, closes, place) of every
    event, ``refused`` the rows that are none."""

    rows: int = 0
    names: Names = field(default_factory=Names)
    keys: dict[str, int] = field(default_factory=dict)
    when: list[tuple[int, bool, int]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    twice: int = 0
    early: int = 0


def run(
    caller: Caller,
    file: Path,
    mapping: ImportMapping,
    progress: Progress,
    proposals: Callable[[Context, str], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Import a file and return the report. Raises NoFile, NotATable, NoColumn.

    ``proposals`` adds the accuracy of dispatch proposals learnt from what was imported.
    """
    reader = Reader(file, mapping)
    seen = _look(reader, mapping)
    digest = f"{reader.digest[:32]}{mapping.digest[:32]}"
    begun = service.begin_import(caller, mapping, str(file), digest, seen.names)
    before = {
        key
        for key in seen.keys
        if key in begun.known and begun.known[key].imported_by != begun.number
    }
    not_closed: dict[str, str] = {}
    for events in _batches(reader, mapping, seen, begun):
        done = service.import_rows(caller, mapping, begun, events)
        not_closed |= done.not_closed
        progress(len(events), "")
    last = max((at for at, _, _ in seen.when), default=0)

    def build(ctx: Context) -> dict[str, Any]:
        found = {
            "import": begun.number,
            "source": mapping.source,
            "read": seen.rows,
            "imported": len(seen.keys) - len(before),
            "rejected": len(seen.refused),
            "duplicate": len(before) + seen.twice,
            "rejected_reasons": _counted(seen.refused),
            "closed_before_opened": seen.early,
            "not_closed": not_closed,
            **report.punctuality(ctx, mapping.source, seen.keys),
        }
        return found | (proposals(ctx, mapping.source) if proposals else {})

    made = service.finish_import(caller, mapping, begun, last, seen.refused, build)
    results.remake(caller, sorted(known.case for known in begun.known.values()))
    return made


def _look(reader: Reader, mapping: ImportMapping) -> _Read:
    seen = _Read()
    for place, cells in enumerate(reader.rows()):
        seen.rows += 1
        try:
            entry = model.entry(mapping, cells)
        except RowRefused as error:
            reason = {"reason": error.code, "value": error.value}
            seen.refused.append({"row": place + 1, "raw": model.raw(cells)} | reason)
            continue
        if entry.key in seen.keys:
            seen.twice += 1
            continue
        seen.keys[entry.key] = place
        seen.names.see(entry)
        seen.early += entry.early
        seen.when.append((entry.opened, False, place))
        if entry.closed is not None:
            seen.when.append((entry.closed, True, place))
    seen.when.sort()
    return seen


def _batches(
    reader: Reader, mapping: ImportMapping, seen: _Read, begun: Begun
) -> Iterator[list[Event]]:
    """Batches of events that are not taken in yet, in the order of time."""
    for start in range(0, len(seen.when), BATCH):
        part = seen.when[start : start + BATCH]
        cells = reader.take([place for _, _, place in part])
        events = [
            Event(at, model.entry(mapping, row), closes)
            for (at, closes, _), row in zip(part, cells, strict=True)
        ]
        left = [one for one in events if not _is_in(begun, one)]
        if left:
            yield left


def _is_in(begun: Begun, event: Event) -> bool:
    known = begun.known.get(event.entry.key)
    return known is not None and (known.ended or not event.closes)


def _counted(refused: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in refused:
        found[one["reason"]] = found.get(one["reason"], 0) + 1
    return dict(sorted(found.items()))
