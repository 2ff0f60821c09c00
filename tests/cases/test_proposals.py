"""What people make of proposals: of classes, when they report; of units, at the centre."""

from __future__ import annotations

import pytest

from tests.cases.conftest import City
from tests.cases.test_http import Browser
from tests.cases.test_learning import reported, reported_where_proposals_send, taught
from yiwang.cases import http as http_of_cases
from yiwang.cases import service as cases
from yiwang.cases.errors import NoProposal
from yiwang.cases.learning import outcomes, waiting
from yiwang.cases.learning.http import routes

__all__ = ["taught"]


def test_what_people_choose_of_the_classes_shown_is_kept_and_counted(taught: City) -> None:
    """Taken, chosen from the others that were shown, or chosen otherwise and changed after all."""
    http = Browser(taught, [*routes(), *http_of_cases.routes()])
    where = {"text": "the lamp is dark", "lon": 116.6, "lat": 39.1}
    query = "text=the%20lamp%20is%20dark&lon=116.6&lat=39.1"
    offered = http("citizen", "GET", f"/api/cases/likely?{query}").json()["items"]
    shown = [one["code"] for one in offered]
    assert shown[0] == "old.lamp" and len(shown) > 1
    numbers = []
    for code in (shown[0], shown[1], "F-01", "F-01"):
        body = where | {"case_class": code, "shown": [*shown, "nothing.known"]}
        numbers.append(http("citizen", "POST", "/api/cases", json=body).json()["no"])
    http("citizen", "POST", "/api/cases", json=where | {"case_class": "old.lamp"})
    path = "/api/cases/proposals/class"
    waits = http("centre", "GET", path).json()["items"]
    assert [(one["no"], one["proposal"]["first"]) for one in waits] == [
        (numbers[3], "old.lamp"),
        (numbers[2], "old.lamp"),
    ]
    first = http("centre", "GET", f"{path}?limit=1").json()
    rest = http("centre", "GET", f"{path}?limit=1&after={first['next']}").json()
    assert [one["no"] for one in (*first["items"], *rest["items"])] == numbers[:1:-1]
    case = http("centre", "GET", f"/api/cases/{numbers[2]}").json()["class_proposal"]
    assert (case["took"], case["chosen"], case["answer"]) == ("other", "F-01", "")
    assert {"kind": "word", "value": "dark"} in case["reasons"]
    assert http("citizen", "GET", f"/api/cases/{numbers[2]}").json()["class_proposal"] is None
    body = {"to": {"case_class": "old.lamp"}, "reason": "a lamp"}
    http("centre", "POST", f"/api/cases/{numbers[2]}/change", json=body)
    refusal = f"/api/cases/{numbers[3]}/proposals/class/refuse"
    assert http("citizen", "POST", refusal, json={}).status_code == 403
    assert http("centre", "POST", refusal, json={"reason": "x" * 1001}).status_code == 400
    assert http("centre", "POST", refusal, json={"reason": "right as it is"}).status_code == 204
    again = http("centre", "POST", refusal, json={})
    assert (again.status_code, again.json()["type"]) == (409, "cases.no_proposal")
    line = taught.show(numbers[3])["timeline"][-1]
    assert (line["step"], line["reason"]) == ("proposal_refused", "right as it is")
    assert http("centre", "GET", path).json()["items"] == []
    (counted,) = outcomes.accuracy(taught.centre, "en")["classes"]
    assert {key: counted[key] for key in ("made", "first", "listed", "other", "corrected")} == {
        "made": 4, "first": 1, "listed": 1, "other": 2, "corrected": 1
    }  # fmt: skip
    assert (counted["case_class"], counted["acceptance"]) == ("old.lamp", 0.25)
    assert counted["instead"][0]["count"] == 2


def test_the_work_list_of_proposals_to_dispatch(taught: City) -> None:
    http = Browser(taught, [*routes(), *http_of_cases.routes()])
    path = "/api/cases/proposals/dispatch"
    first, second, third = (
        reported(taught, "old.other", f"lamp {word} is dark", 116.6 + word / 100)["no"]
        for word in range(3)
    )
    waits = http("centre", "GET", path).json()["items"]
    assert [one["no"] for one in waits] == [first, second, third]
    assert waits[0]["proposal"]["organisation_name"] == "P_lamps"
    assert waits[0]["proposal"]["outcome"] == "waiting" and "lamp" in waits[0]["description"]
    page = http("centre", "GET", f"{path}?limit=2").json()
    rest = http("centre", "GET", f"{path}?limit=2&after={page['next']}").json()
    assert [one["no"] for one in rest["items"]] == [third]
    to = {"organisation": waits[0]["proposal"]["candidates"][1]["organisation"]}
    cases.take(taught.centre, first, "dispatch", cases.Given(to=to))
    waiting.refuse(taught.centre, second, "dispatch", "")
    assert [one["no"] for one in http("centre", "GET", path).json()["items"]] == [third]
    assert taught.show(second)["proposal"]["outcome"] == "refused"
    assert http("citizen", "GET", path).status_code == 403
    assert http("centre", "GET", f"{path}s").status_code == 400
    (counted,) = outcomes.accuracy(taught.centre, "en")["items"]
    assert (counted["changed"], counted["refused"], counted["acceptance"]) == (1, 1, 0.0)
    with pytest.raises(NoProposal):
        waiting.refuse(taught.centre, first, "dispatch", "")


def test_what_was_sent_unasked_and_returned_waits_for_no_answer(taught: City) -> None:
    """It was tried: the centre sends the case as any other that comes back."""
    case = reported_where_proposals_send(taught, 0.5)
    assert case["proposal"]["sent"]
    unit = taught.caller("lamps", "department_handler", organisation=case["organisation"])
    cases.take(unit, case["no"], "return", cases.Given(reason="not ours"))
    assert taught.show(case["no"])["organisation"] is None
    assert waiting.waiting(taught.centre, "dispatch", None, 10, "en") == []
