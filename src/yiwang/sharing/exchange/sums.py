"""The digest of rows that does not depend on their order, to compare a source with its target."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa

from yiwang.sharing.exchange.model import SUM_BITS


class Summing:
    """Adds up a hash of each row over all of its values, to 63 bits. For mistakes of machines, not
    of people: whoever wants can make two tables alike. Sums are compared within one run only."""

    def __init__(self) -> None:
        self._database = duckdb.connect(":memory:", config={"threads": 1})

    def of(self, batch: Any) -> int:
        """The sum over a batch; the order of its columns matters, that of its rows does not."""
        if not batch.num_rows:
            return 0
        names = [f"c{place}" for place in range(batch.num_columns)]
        table = pa.Table.from_arrays(batch.columns, names)
        digest = f"hash({', '.join(names)})"
        self._database.register("rows", table)
        try:
            found = self._database.sql(f"SELECT sum({digest}::HUGEINT) FROM rows").fetchone()
        finally:
            self._database.unregister("rows")
        return int(found[0]) & SUM_BITS if found and found[0] is not None else 0

    def close(self) -> None:
        self._database.close()
