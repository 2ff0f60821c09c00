"""Offers under random people and clocks: nothing is lost, points are never negative."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.cases.conftest import PNG, City
from tests.cases.offers.conftest import Neighbourhood
from yiwang.cases import service as cases
from yiwang.cases.actions import photos
from yiwang.cases.offers import model, service, views
from yiwang.cases.offers.tables import case_offers
from yiwang.kernel.clock import HOUR, ManualClock
from yiwang.kernel.clock import parse as instant
from yiwang.kernel.errors import YiwangError
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

PEOPLE = st.sampled_from(["citizen", "neighbour", "firm"])
STEPS = st.sampled_from(
    ["verify_ok", "verify_not_ok", "report", "dispatch", "transfer", "suspend", "resume",
     "void", "close", "reopen", "return", "change", "comment"]
)  # fmt: skip


class Offers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        database = Database(f"sqlite:///{self.folder / 'offers.db'}")
        migrate(database)
        clock = ManualClock(instant("2026-07-01T02:00:00Z"))
        self.town = Neighbourhood(City(database, clock, Blobs(self.folder / "blobs")))
        self.cases: list[int] = []
        self.places = itertools.count()
        self.report()

    def teardown(self) -> None:
        self.town.database.close()
        shutil.rmtree(self.folder)

    @rule()
    def report(self) -> None:
        if len(self.cases) < 4:
            self.cases.append(self.town.report(116.0 + next(self.places) / 20))

    @rule(who=PEOPLE, place=st.integers(0, 3), what=st.sampled_from(["claim", "done", "release"]))
    def act(self, who: str, place: int, what: str) -> None:
        id = self.town.offer(self.cases[place % len(self.cases)]).id
        caller = getattr(self.town, who)
        with suppress(YiwangError):
            if what == "claim":
                service.claim(caller, id)
            elif what == "release":
                service.release(caller, id, "…")
            else:
                sha = service.add_photo(caller, id, photos.cleaned(caller, PNG))
                service.report(caller, id, "done", (sha,))

    @rule(
        place=st.integers(0, 3), step=STEPS, who=st.sampled_from(["centre", "grid_worker", "firm"])
    )
    def step(self, place: int, step: str, who: str) -> None:
        to: dict[str, Any] = {"organisation": self.town.water}
        given = cases.Given("because", "text", {"severity": "urgent"} if step == "change" else to)
        with suppress(YiwangError):
            cases.take(getattr(self.town, who), self.cases[place % len(self.cases)], step, given)

    @rule(hours=st.sampled_from([1, 2, 25]))
    def wait(self, hours: int) -> None:
        self.town.clock.advance(hours * HOUR)
        service.sweep(self.town.city.platform)

    @invariant()
    def points_are_the_ledger_and_never_negative(self) -> None:
        for who in ("citizen", "neighbour", "firm"):
            held = views.points(getattr(self.town, who))
            assert held["balance"] == sum(one["points"] for one in held["entries"]) >= 0
            assert held["claims"] >= 0

    @invariant()
    def nothing_is_lost(self) -> None:
        with self.town.database.read() as connection:
            rows = list(connection.execute(case_offers.select()))
        for no in self.cases:
            case, offer = self.town.show(no), self.town.offer(no)
            assert sum(row.case == no and row.state in model.LIVE for row in rows) <= 1
            waits = offer.watch_at is not None
            assert waits == (offer.state in ("open", "claimed"))
            if case["kind"] == "working":
                with_department = case["organisation"] in (self.town.parks, self.town.water)
                assert case["handler"] == offer.claimer != "" or with_department

    @rule()
    def once_told_every_offer_agrees_with_its_case(self) -> None:
        self.town.follow()
        claims: dict[str, int] = {}
        for no in self.cases:
            case, offer = self.town.show(no), self.town.offer(no)
            if offer.state == "open":
                assert case["kind"] == "new"
            if offer.state in ("claimed", "reported"):
                assert case["handler"] == offer.claimer and case["kind"] not in ("done", "void")
                claims[offer.claimer] = claims.get(offer.claimer, 0) + 1
            if offer.state == "fallen_back":
                named = [line["step"] for line in case["timeline"]]
                assert {"dispatch", "queued"} & set(named[named.index("offered") :])
            if offer.state == "verified":
                assert "points_booked" in [line["step"] for line in case["timeline"]]
        for who in ("citizen", "neighbour", "firm"):
            held = views.points(getattr(self.town, who))["claims"]
            assert held == claims.get(getattr(self.town, who).identity.name, 0) <= 2


TestOffers = Offers.TestCase
TestOffers.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
