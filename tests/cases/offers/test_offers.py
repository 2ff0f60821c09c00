"""Offers: claimed by one, done, verified by others, points, and always a fall-back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.conftest import PNG
from tests.cases.offers.conftest import Neighbourhood
from yiwang.cases import service as cases
from yiwang.cases.actions import photos
from yiwang.cases.errors import StepIncomplete
from yiwang.cases.offers import model, service, views
from yiwang.cases.offers.errors import BadOffer, NoSuchOffer, OfferRefused
from yiwang.cases.offers.model import MOVES, Taker
from yiwang.cases.spec import parse
from yiwang.kernel import documents
from yiwang.kernel.clock import HOUR, MINUTE
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied


def take(caller: Caller, no: int, step: str, **given: Any) -> None:
    cases.take(caller, no, step, cases.Given(**given))


def done(town: Neighbourhood, no: int, caller: Caller) -> None:
    id = town.offer(no).id
    sha = service.add_photo(caller, id, photos.cleaned(caller, PNG))
    service.report(caller, id, "moved", (sha,))


def steps(town: Neighbourhood, no: int) -> list[str]:
    return [line["step"] for line in town.show(no)["timeline"]]


def test_from_the_offer_to_the_points_and_back(town: Neighbourhood) -> None:
    no = town.report()
    case = town.show(no)
    assert (case["kind"], case["organisation"]) == ("new", None)
    assert steps(town, no) == ["opened", "offered"]
    shown = views.listing(town.citizen, (116.13, 39.1), "en")
    assert [one["class_title"] for one in shown] == ["Shared bikes in the way"]
    assert (shown[0]["lon"], shown[0]["lat"], shown[0]["metres"]) == (116.123, 39.1, 600)
    assert "text" not in shown[0] and "case" not in shown[0]
    id = shown[0]["id"]
    service.claim(town.citizen, id)
    assert views.listing(town.neighbour, None) == []
    mine = views.mine(town.citizen, "en")[0]
    assert (mine["lon"], mine["text"]) == (116.1234567, "挡路，请打 …")
    assert town.show(no)["handler"] == "citizen"
    with pytest.raises(StepIncomplete):
        service.report(town.citizen, id, "moved")
    done(town, no, town.citizen)
    assert town.show(no)["state"] == "handled"
    worker = town.city.caller("citizen", "grid_worker", grids=frozenset({town.grid}))
    with pytest.raises(Exception, match="own work"):
        take(worker, no, "verify_ok")
    take(town.city.caller("other", "grid_worker", grids=frozenset({town.grid})), no, "verify_ok")
    town.follow()
    held = views.points(town.citizen)
    assert (held["balance"], held["claims"]) == (20, 0)
    assert [entry["why"] for entry in held["entries"]] == ["verified"]
    take(town.centre, no, "reopen", reason="still there")
    town.follow()
    town.follow()
    held = views.points(town.citizen)
    assert (held["balance"], [entry["points"] for entry in held["entries"]]) == (0, [-20, 20])
    assert "points_booked" in steps(town, no) and "points_taken_back" in steps(town, no)


def test_nobody_claims_and_the_department_gets_it_with_the_time_left(town: Neighbourhood) -> None:
    no = town.report()
    due = town.show(no)["due_at"]
    town.clock.advance(2 * HOUR - 1)
    assert service.sweep(town.city.platform) == 0
    town.clock.advance(1)
    assert service.sweep(town.city.platform) == 1
    case = town.show(no)
    assert (case["organisation"], case["state"]) == (town.parks, "dispatched")
    assert case["due_at"] == due
    assert steps(town, no) == ["opened", "offered", "offer_over", "dispatch"]
    with pytest.raises(OfferRefused, match="Somebody else"):
        service.claim(town.citizen, town.offer(no).id)
    assert service.sweep(town.city.platform) == 0


def test_a_claim_expires(town: Neighbourhood) -> None:
    no = town.report()
    service.claim(town.citizen, town.offer(no).id)
    town.clock.advance(24 * HOUR)
    assert service.sweep(town.city.platform) == 1
    case = town.show(no)
    assert (case["organisation"], case["handler"]) == (town.parks, "")
    assert views.points(town.citizen)["claims"] == 0
    with pytest.raises(OfferRefused, match="time for it is over"):
        service.report(town.citizen, town.offer(no).id, "late")


def test_work_that_is_not_good_goes_to_the_department(town: Neighbourhood) -> None:
    no = town.report()
    service.claim(town.citizen, town.offer(no).id)
    done(town, no, town.citizen)
    take(town.grid_worker, no, "verify_not_ok", reason="still there")
    town.follow()
    case = town.show(no)
    assert (case["organisation"], case["state"]) == (town.parks, "dispatched")
    assert views.points(town.citizen)["entries"] == []
    assert town.offer(no).state == "fallen_back"


def test_given_back_in_time_others_may_have_it_else_the_department(town: Neighbourhood) -> None:
    no = town.report()
    id = town.offer(no).id
    service.claim(town.citizen, id)
    service.release(town.citizen, id, "no time")
    town.follow()
    assert (town.offer(no).state, town.show(no)["kind"]) == ("open", "new")
    service.claim(town.neighbour, id)
    with pytest.raises(NoSuchOffer):
        service.release(town.citizen, id, "not mine")
    town.clock.advance(3 * HOUR)
    service.release(town.neighbour, id, "no time")
    assert town.show(no)["organisation"] == town.parks
    assert town.offer(no).state == "fallen_back"


def test_the_centre_may_send_it_another_way_at_any_time(town: Neighbourhood) -> None:
    first, second = town.report(), town.report(116.2)
    take(town.centre, first, "dispatch", to={"organisation": town.water})
    service.claim(town.citizen, town.offer(second).id)
    take(town.centre, second, "transfer", to={"organisation": town.water}, reason="urgent")
    with pytest.raises(OfferRefused):
        done(town, second, town.citizen)
    town.follow()
    assert [town.offer(no).state for no in (first, second)] == ["withdrawn"] * 2
    assert [town.show(no)["organisation"] for no in (first, second)] == [town.water] * 2
    assert views.points(town.citizen)["claims"] == 0


def test_people_of_a_firm_may_work_as_handlers_do(town: Neighbourhood) -> None:
    first, second = town.report(), town.report(116.2)
    for no in (first, second):
        service.claim(town.firm, town.offer(no).id)
    take(town.firm, first, "report", photos=(cases.add_photo(town.firm, first, PNG),))
    take(town.firm, second, "return", reason="too heavy")
    town.follow()
    assert [town.offer(no).state for no in (first, second)] == ["reported", "fallen_back"]
    assert views.points(town.firm)["claims"] == 1
    take(town.grid_worker, first, "verify_ok")
    town.follow()
    assert (views.points(town.firm)["balance"], views.points(town.firm)["claims"]) == (20, 0)
    assert town.show(second)["organisation"] == town.parks


def test_who_may_claim(town: Neighbourhood) -> None:
    numbers = [town.report(116.0 + place / 10) for place in range(4)]
    ids = [town.offer(no).id for no in numbers]
    with pytest.raises(OfferRefused, match="service firms with that function"):
        service.claim(town.other_firm, ids[0])
    with pytest.raises(OfferRefused):
        service.claim(town.handler, ids[0])
    assert views.listing(town.other_firm, None) == []
    service.claim(town.firm, ids[0])
    assert town.show(numbers[0])["organisation"] == town.firm_id
    with pytest.raises(OfferRefused, match="Somebody else has it"):
        service.claim(town.citizen, ids[0])
    service.claim(town.citizen, ids[1])
    service.claim(town.citizen, ids[2])
    with pytest.raises(OfferRefused, match="more than 2"):
        service.claim(town.citizen, ids[3])
    service.block(town.centre, "neighbour", "made things up")
    with pytest.raises(OfferRefused, match="blocked you"):
        service.claim(town.neighbour, ids[3])
    held = [(one["user"], one["claims"], one["reason"]) for one in views.takers(town.centre)]
    assert ("neighbour", 0, "made things up") in held and ("citizen", 2, "") in held
    service.unblock(town.centre, "neighbour")
    service.claim(town.neighbour, ids[3])
    for denied in (views.takers, lambda caller: service.block(caller, "x", "")):
        with pytest.raises(Denied):
            denied(town.citizen)
    for mine in (lambda: views.show(town.neighbour, ids[0]), lambda: views.show(town.centre, 99)):
        with pytest.raises(NoSuchOffer):
            mine()


def test_too_far_away_it_is_not_listed(town: Neighbourhood) -> None:
    town.report(116.1)
    assert views.listing(town.citizen, (116.2, 39.1)) == []
    assert len(views.listing(town.citizen, (116.11, 39.1))) == 1


@pytest.mark.parametrize(
    ("offer", "verification", "words"),
    [
        ("{to: [residents]}", "none", "Nobody verifies its work"),
        ("{to: [everybody]}", "centre", "residents"),
        ("{points: -1}", "centre", "points"),
        ("{claim_within: 0 h}", "centre", "claim_within"),
        ("{claim_within: 5 km}", "centre", "claim_within"),
        ("{prize: 3}", "centre", "prize"),
    ],
)
def test_a_bad_offer_is_refused_with_its_line(offer: str, verification: str, words: str) -> None:
    text = f"""classes:
  bikes:
    deadline: {{hours: 1, counting: clock}}
    verification: {verification}
    offer: {offer}
"""
    with pytest.raises(Exception) as caught:
        parse(documents.parse(text, "cases.yaml"), "demo", {})
    assert "cases.yaml, line 5" in str(caught.value) and words in str(caught.value)


def test_a_class_whose_steps_do_not_lead_there_cannot_be_offered() -> None:
    text = """classes:
  bikes:
    deadline: {hours: 1, counting: clock}
    steps:
      report: {from: [handling]}
    offer: {}
"""
    with pytest.raises(BadOffer, match="do not lead from dispatch to report"):
        parse(documents.parse(text, "cases.yaml"), "demo", {})


@pytest.mark.parametrize(
    ("state", "step", "kind", "theirs", "then"),
    [
        ("open", "comment", "new", False, "open"),
        ("open", "dispatch", "working", False, "withdrawn"),
        ("open", "void", "void", False, "withdrawn"),
        ("claimed", "urge", "working", True, "claimed"),
        ("claimed", "report", "waiting", True, "reported"),
        ("claimed", "photo", "waiting", True, "claimed"),
        ("claimed", "return", "new", False, "fallen_back"),
        ("claimed", "claimed", "new", False, "fallen_back"),
        ("claimed", "claimed", "done", True, "claimed"),
        ("claimed", "report", "done", True, "reported"),
        ("claimed", "void", "void", True, "withdrawn"),
        ("claimed", "transfer", "working", False, "withdrawn"),
        ("claimed", "close", "done", True, "withdrawn"),
        ("reported", "report", "waiting", True, "reported"),
        ("reported", "verify_ok", "waiting", True, "verified"),
        ("reported", "close", "done", True, "verified"),
        ("reported", "verify_not_ok", "working", True, "fallen_back"),
        ("reported", "verify_not_ok", "working", False, "withdrawn"),
        ("reported", "void", "void", True, "withdrawn"),
        ("verified", "reopen", "new", False, "taken_back"),
        ("verified", "assess", "done", True, "verified"),
        ("taken_back", "reopen", "new", False, "taken_back"),
        ("fallen_back", "verify_ok", "waiting", False, "fallen_back"),
    ],
)
def test_what_a_step_means_for_an_offer(
    state: str, step: str, kind: str, theirs: bool, then: str
) -> None:
    found = model.after_step(state, step, kind, theirs)
    assert found == then
    assert found == state or found in MOVES[state]


def test_a_person_of_the_city_is_no_resident_while_at_work() -> None:
    official = Taker("a", frozenset({"citizen"}), "department", frozenset({"parking"}))
    assert model.for_whom(("residents", "firms"), "parking", official) == ""
    assert model.without_numbers("门牌 12 号，电话 010-8888 1234。") == "门牌 12 号，电话 …。"
    assert MINUTE < HOUR
