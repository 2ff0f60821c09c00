"""The latest observation of each datastream, in memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yiwang.contracts.observations import ObservationBatch
from yiwang.sensing.latest import Latest

Row = tuple[int, int, str | None]
"""Datastream, time, and the exact text where the result is no number."""

ROWS = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 5), st.sampled_from((None, '"open"', '"shut"'))),
    min_size=1,
    max_size=20,
)


def batch(first: int, rows: list[Row]) -> ObservationBatch:
    streams, times, texts = zip(*rows, strict=True)
    return ObservationBatch(
        position=0,
        first=first,
        datastream=np.array(streams, np.int64),
        time=np.array(times, np.int64),
        result=np.full(len(rows), np.nan),
        received=np.ones(len(rows), np.int64),
        exact=list(texts) if any(texts) else None,
    )


@given(st.lists(ROWS, max_size=8))
def test_the_text_of_the_latest_row_is_held_and_that_of_an_older_one_never(
    batches: list[list[Row]],
) -> None:
    latest, expected, number = Latest(), dict[int, tuple[int, str | None]](), 1
    for rows in batches:
        latest.update(batch(number, rows))
        number += len(rows)
        for stream, time, text in rows:
            if time >= expected.get(stream, (0, None))[0]:
                expected[stream] = time, text
        held = {stream: text for stream, (_, text) in expected.items() if text is not None}
        assert latest.exact == held
