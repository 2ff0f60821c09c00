"""A July in which the city shared data: requests in time and late, use, checks, complaints."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from tests.sharing.conftest import ITEMS, City
from tests.sharing.granting import sharing, small
from yiwang.kernel.clock import parse
from yiwang.security.actions import Context
from yiwang.sharing.catalogue import scoring
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.exchange.tables import share_exchange_jobs, share_exchange_runs
from yiwang.sharing.files.tables import share_file_deliveries, share_file_versions
from yiwang.sharing.gateway import store as gateway
from yiwang.sharing.grants import corrections, service
from yiwang.sharing.grants.model import Terms
from yiwang.sharing.ledger import lists
from yiwang.sharing.opening import service as opening
from yiwang.sharing.opening import store as opened
from yiwang.sharing.quality import store as quality
from yiwang.sharing.quality.tables import share_quality_issues
from yiwang.store.outbox import Delivery

__all__ = ["sharing", "small"]

JULY = (date(2026, 7, 1), date(2026, 8, 1))
WANTED = Terms(fields=("station", "level"))


class July:
    """What happened, and what came afterwards and must change nothing."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.at("2026-07-01")
        free = {"share_type": "unconditional", "share_condition": ""}
        self.levels = city.published(dataset="water_levels", update_cycle="daily", **free)
        self.plans = city.published(name="防汛预案", update_cycle="irregular")
        self.secret = city.published(
            name="要害部位",
            share_type="none",
            share_condition="",
            share_basis="保守国家秘密法",
            open_type="none",
            items=tuple(msgspec.structs.replace(one, opened=False) for one in ITEMS),
        )
        self.other = city.published(name="雨量", dataset="rain", update_cycle="monthly")

    def at(self, day: str, time: str = "10:00") -> None:
        self.city.clock.set(parse(f"{day}T{time}:00+08:00"))

    def happen(self) -> None:
        city = self.city
        granted = self._requests()
        with city.database.write() as connection:
            for day, calls in (("2026-07-02", 5), ("2026-08-01", 70)):
                counted = gateway.Counts(calls, rows=20 * calls, checks=1, misses=0)
                gateway.add(connection, {(granted, day): counted})
        for day, time in (
            ("2026-07-02", "08:00"),
            ("2026-07-02", "09:00"),
            ("2026-07-31", "12:00"),
        ):
            self.renewed(f"{day}T{time}:00+08:00")
        self._quality()
        self._exchange()
        self._files(granted)
        self.at("2026-07-06")
        told = corrections.file(city.user, "complaint", self.levels.id, "一直不更新")
        self.at("2026-07-07")
        corrections.answer(city.steward, told, True, "已恢复更新")
        corrections.rate(city.user, told, 5)
        self.at("2026-07-10")
        opening.release(city.bureau, self.levels.id, "cc-by-4.0", "不涉密")
        for day in ("2026-07-11", "2026-08-02"):
            with city.database.write() as connection:
                more = {"views": 3, "downloads": 2}
                opened.add_uses(connection, self.levels.id, day, more)
        for organisation, element, code in (
            (city.water, "水位", self.levels.code or ""),
            (city.water, "雨量", ""),
            (city.parks, "车位", ""),
        ):
            lists.add_duty(city.bureau, organisation, element, "三定方案", code)
        lists.add_demand(city.user, "路面温度", "除冰", city.parks, city.water)

    def _requests(self) -> int:
        """Granted at once, answered after two working days, and late; the number of the first
        grant."""
        city = self.city
        service.ask(city.user, self.levels.id, "停车场关闭预警", WANTED)
        in_time = service.ask(city.user, self.plans.id, "演练", WANTED)
        self.late = service.ask(city.stranger, self.plans.id, "救护车绕行", WANTED)
        self.at("2026-07-03")
        service.grant(city.steward, in_time)
        self.at("2026-07-20")
        service.refuse(city.steward, self.late, "仅限防汛单位")
        with city.database.read() as connection:
            (first,) = service.store.of(connection, city.parks, self.levels.id, city.clock.now())
        return first.id

    def renewed(self, at: str) -> None:
        body = {"dataset": "water_levels", "at": parse(at)}
        with self.city.database.write() as connection:
            context = Context(self.city.platform, connection)
            scoring.follow(context, [Delivery(1, "dataset.changed", body, 0)])

    def _quality(self) -> None:
        water, levels = self.city.water, self.levels.id
        with self.city.database.write() as connection:
            for day, score in (("10", 80.5), ("20", 90.1), ("31", 55.0)):
                month = "08" if day == "31" else "07"
                run = {"resource": levels, "organisation": water, "why": "asked", "took_ms": 1}
                run |= {"at": parse(f"2026-{month}-{day}T00:00:00Z"), "rows": 3, "checked": 9}
                run |= {"failed": 1, "score": score, "dimensions": {}, "verdicts": []}
                quality.add_run(connection, run | {"profile": {}})
            for rule, opened_at, closed_at in (
                ("range", "2026-07-02", "2026-07-10"),
                ("fresh", "2026-07-01", None),
            ):
                issue: dict[str, Any] = {"resource": levels, "organisation": water, "rule": rule}
                issue |= {"kind": rule, "severity": "normal", "title": {}, "checked": 9}
                issue |= {"failed": 1, "shown": [], "broken": {}}
                issue |= {"opened_at": _noon(opened_at), "seen_at": _noon(opened_at)}
                issue["closed_at"] = closed_at and _noon(closed_at)
                connection.execute(insert(share_quality_issues).values(issue))

    def _files(self, grant: int) -> None:
        with self.city.database.write() as connection:
            for number, day in enumerate(("2026-07-03", "2026-08-03"), start=1):
                version = {"resource": self.plans.id, "name": "预案.pdf", "number": number}
                version |= {"size": 9, "content": "", "note": "", "state": "kept", "by": "test"}
                version |= {"at": _noon(day), "ended_by": "", "end_reason": ""}
                connection.execute(insert(share_file_versions).values(version))
                made = {"resource": self.levels.id, "organisation": self.city.parks}
                made |= {"grant": grant, "format": "csv", "keys": [], "state": "ready", "why": ""}
                made |= {"tries": 1, "asked_at": _noon(day), "asked_by": "test", "marked": []}
                made |= {"made_at": _noon(day), "name": "水位.csv", "content": "", "rows": 3}
                connection.execute(insert(share_file_deliveries).values(made))

    def _exchange(self) -> None:
        with self.city.database.write() as connection:
            job = {"id": 1, "code": "in", "name": "水位入库", "organisation": self.city.water}
            job |= {"spec": {}, "enabled": True, "changed_at": 0}
            connection.execute(insert(share_exchange_jobs).values(job))
            for state, day in (
                ("done", "2026-07-05"),
                ("differs", "2026-07-06"),
                ("stopped", "2026-07-07"),
                ("done", "2026-08-05"),
            ):
                tally = {"read": 10, "written": 7, "unchanged": 1, "rejected": 2}
                run: dict[str, Any] = {"job": 1, "state": state, "by": "test", "tally": tally}
                run |= {"started_at": _noon(day), "ended_at": _noon(day), "seen_at": _noon(day)}
                run |= {"worker": "", "tries": 1}
                connection.execute(insert(share_exchange_runs).values(run))

    def afterwards(self) -> None:
        """August."""
        self.at("2026-08-20")
        self.renewed("2026-08-20T09:00:00+08:00")
        self._retire(self.plans)
        opening.withdraw(self.city.bureau, self.levels.id, "改版")
        with self.city.database.read() as connection:
            grants = service.store.of(
                connection, self.city.parks, self.levels.id, self.city.clock.now()
            )
        service.end(self.city.user, grants[0].id, "不再需要")

    def _retire(self, resource: Resource) -> None:
        catalogue.retire(self.city.bureau, resource.id, "并入应急管理局")


def _noon(day: str) -> int:
    return parse(f"{day}T12:00:00+08:00")


@pytest.fixture
def july(sharing: City) -> July:
    """On SQLite and PostgreSQL; it is the second of August."""
    made = July(sharing)
    made.happen()
    made.at("2026-08-02")
    return made


@pytest.fixture
def small_july(small: City) -> July:
    made = July(small)
    made.happen()
    made.at("2026-08-02")
    return made
