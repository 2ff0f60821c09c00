"""An operator's day over HTTP, on both databases."""

from __future__ import annotations

from tests.cases.hotline.conftest import LI, WANG, Desk
from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.security import audit


def test_one_contact_with_several_requests(desk: Desk) -> None:
    article = desk.article()
    contact = desk.contact()
    assert contact["caller"]["number"] == "+8613800138000" and contact["repeated"] is False
    assert (contact["contacts"], contact["cases"]) == ([], [])
    path = f"contacts/{contact['id']}/requests"
    answer = {"kind": "question", "outcome": "answered", "text": "户口怎么迁", "article": article}
    answered = desk.post(path, answer | {"helpful": True})
    assert (answered["case"], answered["call_back"]) == (None, False)
    made = desk.to_case(contact["id"])
    no = made["case"]
    assert made["shown_case"]["class_title"] == "Flooded underpass" and made["call_back"]
    shown = desk.show(no)
    source = shown["sources"][0]
    assert source["values"]["channel"] == "phone" and source["values"]["contact"] == contact["id"]
    assert source["actor"] == shown["timeline"][0]["actor"] == "user:operator"
    praise = {"kind": "praise", "outcome": "noted", "text": "谢谢"}
    assert desk.post(path, praise)["outcome"] == "noted"
    desk.clock.advance(3 * MINUTE)
    assert desk.post(f"contacts/{contact['id']}/end", status=200)["seconds"] == 180
    desk.post(f"contacts/{contact['id']}/end", status=409)
    desk.post(path, praise, status=409)
    kept = desk.get(f"articles/{article}", "centre")
    assert (kept["used"], kept["helpful"], kept["unhelpful"]) == (1, 1, 0)
    figures = desk.get("figures")
    assert (figures["contacts"], figures["answered"], figures["handling_s"]) == (1, 0, 180)
    assert figures["by_kind"] == {"praise": 1, "question": 1, "report": 1}
    assert figures["by_channel"] == [{"code": "phone", "title": "Telephone", "count": 1}]


def test_who_calls_again_urges_and_who_else_calls_is_a_source_more(desk: Desk) -> None:
    no = desk.to_case(desk.contact()["id"])["case"]
    again = desk.contact("0086-13800138000")
    assert again["repeated"] and [one["no"] for one in again["cases"]] == [no]
    assert again["contacts"][0]["requests"][0]["case"] == no
    urge = {"kind": "report", "outcome": "urged", "case": no, "text": "还没人来"}
    desk.post(f"contacts/{again['id']}/requests", urge)
    assert desk.show(no)["counts"]["urges"] == 1 and desk.show(no)["source_count"] == 1
    other = desk.contact(LI)
    assert other["repeated"] is False
    desk.post(f"contacts/{other['id']}/requests", urge | {"text": "我也看到了"})
    shown = desk.show(no)
    assert (shown["counts"]["urges"], shown["source_count"]) == (1, 2)
    assert shown["sources"][1]["how"] == "A hotline operator joined it to this case."
    reached = desk.http("centre", "GET", f"/api/cases/{no}/contacts").json()["items"]
    phones = {one["phone"] for one in reached}
    assert phones == {"+8613800138000", "+861065123456"}
    near = desk.to_case(desk.contact(LI)["id"], lon=116.1001)
    assert near["case"] == no, "what lies near joins by itself"


def test_a_desk_that_was_left_finds_its_contact_again(desk: Desk) -> None:
    first, second = desk.contact(), desk.contact("")
    desk.post(
        f"contacts/{first['id']}/requests", {"kind": "praise", "outcome": "noted", "text": "x"}
    )
    desk.contact(who="colleague")
    desk.post(f"contacts/{second['id']}/end", status=200)
    (left,) = desk.get("contacts?unended=true")["items"]
    assert left["id"] == first["id"]
    assert [one["text"] for one in left["requests"]] == ["x"]
    assert "caller" not in left
    desk.post(f"contacts/{first['id']}/end", status=200)
    assert desk.get("contacts?unended=true")["items"] == []
    assert len(desk.get("contacts")["items"]) == 3


def test_name_and_mood_are_completed_while_it_lasts_and_corrected_afterwards(desk: Desk) -> None:
    call = desk.post("calls", {"number": WANG, "line": "main"}, "exchange")["call"]
    id = desk.post(f"calls/{call}/take")["id"]
    no = desk.to_case(id)["case"]
    now = desk.correct(id, name=" 王女士 ", emotion="upset").json()
    assert (now["caller"]["name"], now["emotion"], now["urgent"]) == ("王女士", "upset", False)
    reached = f"/api/cases/{no}/contacts"
    assert desk.http("operator", "GET", reached).json()["items"][0]["first_name"] == "王女士"
    desk.post(f"contacts/{id}/end", status=200)
    later = desk.correct(id, "colleague", name="汪女士", urgent=True).json()
    assert (later["caller"]["name"], later["emotion"], later["urgent"]) == ("汪女士", "upset", True)
    assert later["ended_at"] is not None
    assert desk.http("operator", "GET", reached).json()["items"][0]["first_name"] == "汪女士"
    assert desk.contact(name="")["caller"]["name"] == "汪女士"
    assert desk.correct(id, name="").json()["caller"]["name"] == ""
    with desk.city.database.read() as connection:
        told = [one for one in audit.page(connection, 20) if one["verb"] == "contact_corrected"]
    assert [one["details"]["name_changed"] for one in told] == [True, True, True]
    assert told[1]["details"]["before"] == {"urgent": False}


def test_a_name_is_corrected_where_the_caller_has_given_an_address_since(desk: Desk) -> None:
    first = desk.contact()["id"]
    no = desk.to_case(first)["case"]
    desk.contact(email="wang@example.org")
    assert desk.correct(first, name="汪女士").status_code == 200
    told = desk.http("operator", "GET", f"/api/cases/{no}/contacts").json()["items"]
    assert [one["first_name"] for one in told] == ["汪女士"]


def test_what_cannot_be_corrected_changes_nothing(desk: Desk) -> None:
    hidden = desk.contact("")["id"]
    refused = desk.correct(hidden, name="王女士", emotion="angry")
    assert (refused.status_code, refused.json()["type"]) == (409, "cases.caller_unknown")
    assert desk.get(f"contacts/{hidden}")["emotion"] == "calm"
    assert desk.correct(hidden, emotion="angry").json()["emotion"] == "angry"
    for given in ({"emotion": "bored"}, {"name": "x" * 129}, {"number": "1"}):
        assert desk.correct(hidden, **given).status_code == 400, given
    assert desk.correct(999, emotion="calm").status_code == 404


def test_who_calls_often_is_marked(desk: Desk) -> None:
    for _ in range(5):
        found = desk.contact()
        desk.clock.advance(HOUR)
    assert found["caller"]["frequent"] and found["caller"]["recent"] == 5
    assert desk.post("callers", {"number": LI}, status=200)["caller"] is None
    desk.clock.advance(31 * DAY)
    looked = desk.post("callers", {"number": WANG}, status=200)
    assert looked["caller"]["frequent"] is False and len(looked["contacts"]) == 5


def test_a_call_pops_up_and_one_operator_has_it(desk: Desk) -> None:
    call = {"number": "tel:+8613800138000", "line": "main", "id": "pbx-1"}
    id = desk.post("calls", call, "exchange")["call"]
    assert desk.post("calls", call, "exchange")["call"] == id, "told twice is one call"
    waiting = desk.get("calls")["items"]
    assert [(one["id"], one["masked"], one["frequent"]) for one in waiting] == [
        (id, "****00", False)
    ]
    taken = desk.post(f"calls/{id}/take")
    assert taken["caller"]["number"] == "+8613800138000"
    desk.post(f"calls/{id}/take", who="colleague", status=409)
    assert desk.get("calls")["items"] == []
    ringing = {"number": "", "line": "main", "id": "pbx-2", "operator": "colleague"}
    desk.post("calls", ringing, "exchange")
    assert desk.get("calls")["items"] == [] and len(desk.get("calls", "colleague")["items"]) == 1
    desk.post("calls/end", {"id": "pbx-2"}, "exchange", status=200)
    assert desk.get("calls", "colleague")["items"] == []
    desk.post("calls/end", {"id": "pbx-9"}, "exchange", status=409)


def test_callers_are_asked_when_their_case_has_ended(desk: Desk) -> None:
    no = desk.to_case(desk.contact()["id"])["case"]
    assert desk.get("call-backs")["items"] == []
    desk.finish(no)
    waiting = desk.get("call-backs")["items"]
    assert [(one["case"]["no"], one["tries"], one["late"]) for one in waiting] == [(no, 0, False)]
    path = f"call-backs/{waiting[0]['request']}"
    missed = desk.post(path, {"reached": False}, status=200)
    assert (missed["waits"], missed["tries"]) == (True, 1)
    desk.post(path, {"reached": True}, status=400)
    heard = {"reached": True, "rating": 1, "solved": False, "text": "还在积水"}
    again = desk.post(path, heard, status=200)
    assert again["waits"] and desk.show(no)["kind"] != "done", "not solved: it is open again"
    desk.finish(no)
    desk.clock.advance(25 * HOUR)
    assert desk.get("call-backs")["items"][0]["late"]
    good = {"reached": True, "rating": 5, "solved": True}
    assert desk.post(path, good, "colleague", status=200)["waits"] is False
    assert desk.get("call-backs")["items"] == []
    desk.post(path, good, status=409)
    assessed = [one for one in desk.show(no)["timeline"] if one["step"] == "assess"]
    assert [one["details"]["on_behalf"] for one in assessed] == [True, True]


def test_after_three_tries_nobody_calls_any_more(desk: Desk) -> None:
    no = desk.to_case(desk.contact()["id"])["case"]
    desk.finish(no)
    request = desk.get("call-backs")["items"][0]["request"]
    found = [desk.post(f"call-backs/{request}", {"reached": False}, status=200) for _ in range(3)]
    assert [one["waits"] for one in found] == [True, True, False]


def test_bad_input_is_refused_and_changes_nothing(desk: Desk) -> None:
    good = {"line": "main", "channel": "phone"}
    for wrong in (
        {"line": "other"},
        {"channel": "fax"},
        {"number": "abc"},
        {"email": "nobody"},
        {"emotion": "x"},
        {"unknown": 1},
    ):
        told = desk.post("contacts", good | wrong, status=400)
        assert "abc" not in str(told) and told["title"]
    assert desk.get("contacts")["items"] == []
    id = desk.contact("")["id"]
    assert desk.get(f"contacts/{id}")["caller"] is None
    path, base = f"contacts/{id}/requests", {"kind": "report", "text": "x"}
    for wrong, status in (
        ({"outcome": "gone"}, 400),
        ({"outcome": "case"}, 400),
        ({"outcome": "urged"}, 400),
        ({"outcome": "urged", "case": 99}, 404),
        ({"outcome": "answered", "article": 99}, 404),
        ({"outcome": "noted", "text": " "}, 400),
        ({"outcome": "noted", "kind": "joke"}, 400),
        ({"outcome": "case", "report": {"case_class": "none", "text": "x"}}, 404),
    ):
        desk.post(path, base | wrong, status=status)
    assert desk.get("contacts")["items"][0]["requests"] == []
    desk.post("contacts/99/end", status=404)
    desk.post("calls/99/take", status=409)
    found = desk.http("operator", "GET", "/api/hotline/suggest?text=x&lon=abc&lat=1")
    assert found.status_code == 400
