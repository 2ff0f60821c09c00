"""Cases of another system, whose history tells no events, have results too."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.cases.conftest import City
from tests.cases.scoring.lives import everything
from tests.cases.test_importing import ROWS, _file, _import
from yiwang.cases.scoring import results, service
from yiwang.security.errors import Denied

SPRING = (date(2015, 3, 1), date(2015, 4, 1))


def test_imported_cases_are_assessed(city: City, tmp_path: Path) -> None:
    open_still = [ROWS[0], ROWS[3]]
    _import(city, _file(tmp_path, open_still))
    assert service.show_rates(city.centre, "class", *SPRING)["city"]["counts"]["filed"] == 2
    _import(city, _file(tmp_path, ROWS, "newer.csv"))
    shown = service.show_rates(city.centre, "channel", *SPRING)
    counts = shown["city"]["counts"]
    assert (counts["filed"], counts["closed"], counts["backlog"]) == (5, 4, 1)
    assert (counts["judged"], counts["in_time"], counts["late"]) == (4, 2, 2)
    late = service.counted(city.centre, "late", *SPRING, service.ALL, 10, None)
    assert {one["judged_at"] for one in late} == {"2015-03-02T15:00:00Z"}
    kept = everything(city)
    assert results.recompute(city.platform) == len(kept)
    assert everything(city) == kept
    results.remake_part(city.platform, [1, 2])
    assert everything(city) == kept
    with pytest.raises(Denied):
        results.remake_part(city.handler, [1])
