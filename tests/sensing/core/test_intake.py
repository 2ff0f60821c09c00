"""Checking, repetitions, receipts and cursors."""

from __future__ import annotations

import math

import pytest

from tests.sensing.core.conftest import Bench
from yiwang.contracts.observations import Rejected
from yiwang.kernel.clock import DAY, MINUTE


def test_good_rows_are_stored_and_numbered(bench: Bench) -> None:
    now = bench.clock.now()
    receipt = bench.accept((1, now, 10.0), (2, now, 20.0))
    assert (receipt.received, receipt.stored, receipt.duplicate) == (2, 2, 0)
    assert receipt.numbers.tolist() == [1, 2]
    assert bench.stored() == [(1, now, 10.0), (2, now, 20.0)]


@pytest.mark.parametrize(
    ("stream", "offset", "result", "reason"),
    [
        (99, 0, 1.0, "sensing.unknown_datastream"),
        (0, 0, 1.0, "sensing.unknown_datastream"),
        (-3, 0, 1.0, "sensing.unknown_datastream"),
        (1, 0, math.nan, "sensing.not_a_number"),
        (1, 0, math.inf, "sensing.not_a_number"),
        (1, 0, 100.5, "sensing.out_of_range"),
        (1, 0, -0.5, "sensing.out_of_range"),
        (1, 6 * MINUTE, 1.0, "sensing.in_future"),
        (1, -401 * DAY, 1.0, "sensing.too_old"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_raw_message(
    bench: Bench, stream: int, offset: int, result: float, reason: str
) -> None:
    now = bench.clock.now()
    raws = [b"good", b"bad", b"good too"]
    receipt = bench.accept((1, now, 1.0), (stream, now + offset, result), (2, now, 1.0), raw=raws)
    assert receipt.numbers.tolist() == [1, -1, 2]
    assert [(item.reason, item.raw) for item in receipt.rejected] == [(reason, b"bad")]
    assert len(bench.stored()) == 2


def test_a_datastream_made_after_the_start_is_known_at_once(bench: Bench) -> None:
    now = bench.clock.now()
    assert bench.accept((9, now, 1.0)).stored == 0
    with bench.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO datastreams (id, thing, sensor, observed_property, name, description,"
            " observation_type, property, unit, result_type)"
            " VALUES (9, 1, 1, 1, 'new', '', '', '', '', 'number')"
        )
    assert bench.accept((9, now, 1.0)).stored == 1


def test_the_same_observation_again_is_a_duplicate(bench: Bench) -> None:
    now = bench.clock.now()
    bench.accept((1, now, 10.0))
    receipt = bench.accept((1, now, 10.0), (1, now, 11.0), (1, now, 11.0), (1, now - 5, 10.0))
    assert receipt.numbers.tolist() == [0, 2, 0, 3]
    assert (receipt.stored, receipt.duplicate) == (2, 2)


@pytest.mark.parametrize("restart", [False, True])
def test_a_duplicate_is_found_among_closed_observations(bench: Bench, restart: bool) -> None:
    now = bench.clock.now()
    rows = [(stream, now + minute, float(stream)) for minute in range(50) for stream in (1, 2, 3)]
    bench.accept(*rows)
    bench.observations.compact()
    assert bench.observations.hot.rows == 0
    if restart:
        bench.reopen()
    assert bench.accept(*rows).duplicate == 150
    assert bench.accept((1, now + 3, 7.0), (2, now + 3, 2.0)).numbers.tolist() == [151, 0]


def test_results_that_are_no_numbers_are_compared_by_their_text(bench: Bench) -> None:
    with bench.database.write() as connection:
        connection.exec_driver_sql("UPDATE datastreams SET result_type = 'text' WHERE id = 1")
    bench.intake.reload()
    now = bench.clock.now()
    row = (1, now, math.nan)
    assert bench.accept(row, row, exact=['"open"', '"shut"']).stored == 2
    assert bench.accept(row, exact=['"open"']).duplicate == 1
    assert bench.accept(row).rejected[0].reason == "sensing.not_a_number"
    batch = bench.observations.between([1], 0, now)
    assert batch.exact == ['"open"', '"shut"']
    assert bench.observations.latest.exact == {1: '"shut"'}


def test_messages_that_could_not_be_decoded_count_as_received(bench: Bench) -> None:
    lost = Rejected("sensing.undecodable", b"{", "level/7")
    receipt = bench.accept((1, bench.clock.now(), 1.0), rejected=[lost])
    assert (receipt.received, receipt.stored, len(receipt.rejected)) == (2, 1, 1)


@pytest.mark.parametrize("compact", [False, True])
def test_a_cursor_survives_a_restart(bench: Bench, compact: bool) -> None:
    bench.accept((1, bench.clock.now(), 1.0), source="replay:a", cursor=700)
    if compact:
        bench.observations.compact()
        bench.observations.log.drop(bench.observations.end())
    bench.reopen()
    assert bench.intake.cursor("replay:a") == 700
    assert bench.intake.cursor("replay:b") is None


def test_listeners_hear_of_stored_batches_in_order(bench: Bench) -> None:
    heard: list[int] = []
    bench.intake.listen(lambda batch: heard.append(batch.first))
    now = bench.clock.now()
    for minute in range(3):
        bench.accept((1, now + minute, 1.0))
    assert heard == [1, 2, 3]
