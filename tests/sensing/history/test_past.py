"""Aggregates over what is gone are those that were there before it went, or say so."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from tests.sensing.history.test_keeping import START, Kept, day_of, kept
from yiwang.kernel.clock import DAY, HOUR, render
from yiwang.sensing.history.policy import Policy, Rollup
from yiwang.sensing.sta import applied
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.observed import ObservationReading
from yiwang.sensing.sta.past import Past
from yiwang.sensing.sta.query import parse

__all__ = ["kept"]

MEASURES = (
    "aggregate($count as n,result with average as mean,result with sum as total,"
    "result with min as least,result with max as most,result with last as last,"
    "result with numbers as numbers,result with others as others)"
)
CITY = "'Asia/Shanghai'"
SINCE = f"filter(phenomenonTime ge {render(START + 2 * DAY)})"


def asked(kept: Kept, apply: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    query = parse(f"$apply={apply}")
    assert query.apply is not None
    with kept.bench.database.read() as connection:
        now = kept.bench.clock.now()
        reading = ObservationReading(kept.bench.observations, Entities(connection, now), now)
        condition = applied.leading(query.apply)
        declared = kept.keeping.declared(connection)
        bounds = reading.bounds(condition, None, 0)
        past = Past(kept.keeping, declared, bounds, applied.first_group(query.apply))
        asking = partial(reading.evaluator, option="$apply")
        parts = reading.every(condition, None)
        table = applied.carried_out(query.apply, parts, asking, now, past)
    return msgspec.json.decode(msgspec.json.encode(list(table.rows()))), past.notes


def lived(kept: Kept) -> None:
    for number in range(14):
        day_of(kept, number)
        kept.bench.observations.compact()


SERVED = [
    f"groupby((Datastream/id,bucket(phenomenonTime,duration'PT1H',{CITY})),{MEASURES})",
    f"groupby((bucket(phenomenonTime,duration'P1D',{CITY})),{MEASURES})",
    f"groupby((bucket(phenomenonTime,duration'P1D')),{MEASURES})",
    f"groupby((date(phenomenonTime,{CITY}),Datastream/name),{MEASURES})",
    f"groupby((hour(phenomenonTime)),{MEASURES})",
    f"groupby((Datastream/Thing/name),{MEASURES})",
    f"{SINCE}/groupby((Datastream/id),{MEASURES})",
    f"filter(Datastream/id in (2,6))/{MEASURES}",
    "aggregate($count as n)",
    f"groupby((date(phenomenonTime,{CITY}) as day),aggregate($count as n))/filter(n gt 1)",
]


@pytest.mark.parametrize("apply", SERVED)
def test_the_answer_is_the_same_when_the_observations_are_gone(kept: Kept, apply: str) -> None:
    lived(kept)
    before, notes = asked(kept, apply)
    assert before and notes == {}
    kept.round()
    assert len(kept.bench.stored()) < 14 * 96
    after, notes = asked(kept, apply)
    assert after == before
    assert notes == {"@yiwang.source": "rollup"}


NOT_SERVED = [
    "groupby((Datastream/id),aggregate(result with yiwang.p95 as p))",
    "groupby((Datastream/id),aggregate(result with first as first))",
    f"groupby((bucket(phenomenonTime,duration'PT15M')),{MEASURES})",
    f"groupby((minute(phenomenonTime)),{MEASURES})",
    f"filter(result gt 3)/groupby((Datastream/id),{MEASURES})",
]


@pytest.mark.parametrize("apply", NOT_SERVED)
def test_what_roll_ups_cannot_tell_is_said_to_be_gone(kept: Kept, apply: str) -> None:
    lived(kept)
    kept.round()
    _, notes = asked(kept, apply)
    assert notes == {"@yiwang.gone": render(START + 4 * DAY)}
    _, notes = asked(kept, f"filter(phenomenonTime ge {render(START + 4 * DAY)})/{apply}")
    assert notes == {}


def test_a_bucket_that_is_asked_for_in_part_is_left_out(kept: Kept) -> None:
    lived(kept)
    kept.round()
    span = f"filter(phenomenonTime ge {render(START + HOUR // 2)} and Datastream/id eq 1)"
    (row,), notes = asked(kept, f"{span}/aggregate($count as n)")
    assert row["n"] == 14 * 12 - 1
    assert notes == {"@yiwang.source": "rollup"}


def test_measures_that_are_not_kept_are_not_made_up(kept: Kept) -> None:
    kept.policy = Policy(10 * DAY, (Rollup(HOUR, None, ("count", "max")),))
    kept.open()
    lived(kept)
    kept.round()
    assert asked(kept, "aggregate(result with max as most)")[1] == {"@yiwang.source": "rollup"}
    notes = asked(kept, "aggregate(result with max as most,result with average as mean)")[1]
    assert notes == {"@yiwang.gone": render(START + 4 * DAY)}
