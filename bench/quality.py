"""Rules of quality over a table of made-up enterprises, beside one plain pass over its columns.

    python -m bench.quality [--rows 10000000] [--rounds 3]

Reports seconds to lay the rows out, the median of each rule in seconds and in rows a second, and
what a plain pass (the smallest and the largest value of every column) takes in the same database.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from yiwang.kernel import documents
from yiwang.sharing.quality import spec
from yiwang.sharing.quality.model import About
from yiwang.sharing.quality.workbench import Batches, Workbench

_BATCH = 100_000
_SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("name", pa.string()),
        ("region", pa.string()),
        ("phone", pa.string()),
        ("men", pa.int64()),
        ("women", pa.int64()),
        ("staff", pa.int64()),
        ("share", pa.float64()),
    ]
)
_RULES = """
rules:
  required: {table: t, required: [name, region]}
  range: {table: t, range: {share: {least: 0, most: 100}}}
  pattern: {table: t, format: {phone: {pattern: '1[3-9]\\d{9}'}}}
  holds: {table: t, holds: staff >= men}
  unique: {table: t, unique: [number]}
  reference: {table: t, reference: {columns: region, table: regions}}
  sum: {table: t, sum: {total: staff, parts: [men, women]}}
  ratio: {table: t, ratio: {is: share, of: women, to: staff, times: 100}}
  sum_by_region: {table: t, sum: {by: region, total: staff, parts: [men, women]}}
"""


def _batches(rows: int) -> Iterator[pa.RecordBatch]:
    """One row in ten thousand has a wrong sum, one in twenty thousand no name."""
    chance = np.random.default_rng(5)
    for start in range(0, rows, _BATCH):
        number = np.arange(start, min(start + _BATCH, rows))
        men, women = chance.integers(1, 500, (2, len(number)))
        staff = men + women + (number % 10_000 == 9)
        names = np.char.add("企业", number.astype(str)).astype(object)
        names[number % 20_000 == 7] = None
        phones = (13_000_000_000 + number).astype(str)
        shares = np.round(women / staff * 100, 1)
        regions = np.char.add("R", (number % 31).astype(str))
        columns = [number, names, regions, phones, men, women, staff, shares]
        yield pa.RecordBatch.from_arrays(
            [pa.array(one, kind.type) for one, kind in zip(columns, _SCHEMA, strict=True)],
            schema=_SCHEMA,
        )


def _median(rounds: int, run: Callable[[], object]) -> float:
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run()
        took.append(time.perf_counter() - begun)
    return round(statistics.median(took), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    regions = pa.table({"region": [f"R{number}" for number in range(31)]})
    tables = {
        "t": (About("t", key=("number",)), Batches(_SCHEMA, _batches(asked.rows))),
        "regions": (About("regions", key=("region",)), regions),
    }
    rules = spec.read(documents.parse(_RULES, "bench"))
    with Workbench(tables.get, memory="2GB") as bench:
        found: dict[str, object] = {"rows": asked.rows}
        found["laid_out_s"] = _median(1, lambda: bench.about("t"))
        bench.about("regions")
        ends = ", ".join(f'min("{name}"), max("{name}")' for name in _SCHEMA.names)
        plain = f"SELECT {ends} FROM ({bench.scan('t')})"
        found["plain_pass_s"] = _median(asked.rounds, lambda: bench.rows(plain))
        for rule in rules:
            [verdict] = spec.judge(bench, [rule], 0)
            took = _median(asked.rounds, lambda one=rule: spec.judge(bench, [one], 0))  # type: ignore[misc]
            found[rule.name] = {"s": took, "rows_per_s": round(asked.rows / took)} | {
                "checked": verdict.checked,
                "failed": verdict.failed,
            }
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
