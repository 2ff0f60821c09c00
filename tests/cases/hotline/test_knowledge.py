"""The knowledge base and suggestions, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.hotline.conftest import Desk
from yiwang.cases.hotline import board as boards
from yiwang.kernel import documents
from yiwang.kernel.clock import DAY
from yiwang.kernel.documents import DocumentError

CSV = """code,department,question_zh,answer_zh,question_en,answer_en,keywords,classes,valid_until
W1,WATER,下水道堵了怎么办？,请拨打热线。,,,排水;下水道,demo.flooded,
W2,NONE,x,y,,,,,
W3,WATER,,,Only a question,,,,
W4,WATER,停水怎么办,等通知,,,,no.class,
W5,WATER,停电怎么办,"等""通知""。",,,,,2026-13-01
P1,PARK,车位已满去哪里停车？,去二号停车场。,Where to park?,Lot 2.,,,
"""


def test_an_article_from_draft_to_retired(desk: Desk) -> None:
    id = desk.article(publish=False, organisation=desk.city.water, who="head")
    asked = "suggest?text=户口迁移要什么材料"
    assert desk.get(asked)["articles"] == []
    assert desk.http("handler", "GET", f"/api/hotline/articles/{id}").status_code == 404
    desk.post(f"articles/{id}/publish", who="head", status=403)
    desk.post(f"articles/{id}/publish", who="centre", status=200)
    found = desk.get(asked)["articles"]
    assert [(one["id"], one["organisation_name"]) for one in found] == [(id, "Water Office")]
    assert 0.3 < found[0]["fit"] <= 1
    english = desk.get("suggest?text=where can I move my registered residence")["articles"]
    assert [one["id"] for one in english] == [id]
    body = {"question_zh": "户口迁移", "answer_zh": "网上办理。"}
    path = f"/api/hotline/articles/{id}"
    assert desk.http("head", "PUT", path, json=body).json()["version"] == 2
    assert desk.get(asked)["articles"][0]["answer_zh"] == "带身份证到派出所办理。"
    desk.post(f"articles/{id}/publish", who="centre", status=200)
    assert desk.get(asked)["articles"][0]["answer_zh"] == "网上办理。"
    versions = desk.get(f"articles/{id}", "head")["versions"]
    assert [one["version"] for one in versions] == [1, 2]
    assert desk.get(f"articles/{id}")["versions"] == []
    desk.post(f"articles/{id}/retire", who="centre", status=204)
    assert desk.get(asked)["articles"] == []


def test_a_department_writes_its_own(desk: Desk) -> None:
    id = desk.article(organisation=desk.city.parks)
    body = {"question_zh": "x", "answer_zh": "y"}
    assert desk.http("head", "PUT", f"/api/hotline/articles/{id}", json=body).status_code == 403
    desk.post("articles", body | {"organisation": desk.city.parks}, "head", status=403)
    desk.post("articles", body, "handler", status=403)
    mine = desk.post("articles", body, "head")["id"]
    assert desk.get(f"articles/{mine}", "head")["organisation"] == desk.city.water
    for wrong in ({"answer_zh": ""}, {"valid_from": "soon"}, {"classes": ["none"]}):
        desk.post("articles", body | wrong, "head", status=400)
    over = body | {"valid_from": "2026-07-02", "valid_until": "2026-07-01"}
    desk.post("articles", over, "head", status=400)
    assert desk.http("head", "GET", "/api/hotline/articles/99").status_code == 404


def test_validity_and_review(desk: Desk) -> None:
    later = desk.article(valid_from="2026-07-03", valid_until="2026-07-04")
    asked = "suggest?text=户口迁移"
    assert desk.get(asked)["articles"] == []
    desk.clock.advance(2 * DAY)
    assert [one["id"] for one in desk.get(asked)["articles"]] == [later]
    desk.clock.advance(2 * DAY)
    assert desk.get(asked)["articles"] == []
    reviewed = desk.article(organisation=desk.city.water)
    assert desk.get(f"articles/{reviewed}")["review_on"] == "2027-01-01"
    stale = "articles?stale=true&organisation="
    assert desk.get(f"{stale}{desk.city.water}", "head")["items"] == []
    assert [one["id"] for one in desk.get("articles?stale=true", "head")["items"]] == [later]
    desk.clock.advance(200 * DAY)
    found = desk.get(f"{stale}{desk.city.water}", "head")["items"]
    assert [one["id"] for one in found] == [reviewed]
    assert [one["id"] for one in desk.get("articles?q=户口")["items"]] == [reviewed]


def test_articles_from_a_file(desk: Desk) -> None:
    def send(content: bytes, who: str = "centre", publish: str = "true") -> dict[str, object]:
        path = f"/api/hotline/articles/import?publish={publish}"
        found: dict[str, object] = desk.http(who, "POST", path, content=content).json()
        return found

    told = send(CSV.encode())
    assert (told["read"], told["added"], told["changed"], told["unchanged"]) == (6, 2, 0, 0)
    refused = told["refused"]
    assert isinstance(refused, list) and [one["line"] for one in refused] == [3, 4, 5, 6]
    assert refused[0]["row"]["department"] == "NONE" and "department" in refused[0]["what"]
    again = send(CSV.replace("请拨打热线。", "请报修。").encode("utf-8-sig"))
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 1, 1)
    best = desk.get("suggest?text=下水道堵了&lon=116.1&lat=39.1")
    assert best["articles"][0]["answer_zh"] == "请报修。"
    assert best["classes"][0]["code"] == "demo.flooded"
    theirs = send(CSV.encode(), "head")
    assert theirs["changed"] == 1 and len(theirs["refused"]) == 4  # type: ignore[arg-type]
    assert desk.get("articles?q=下水道")["items"][0]["answer_zh"] == "请报修。", "a draft alone"
    for wrong in (b"\xff\xfe", b"", b"a,b\n1,2\n", b'question_zh\n"open'):
        assert send(wrong)["type"] == "cases.bad_article_file"


def test_classes_and_open_cases_near(desk: Desk) -> None:
    flood = desk.to_case(desk.contact()["id"], text="桥下积水，车过不去")["case"]
    far = desk.to_case(desk.contact()["id"], lon=116.4)["case"]
    found = desk.get("suggest?text=下穿通道桥下积水&lon=116.1005&lat=39.1", lang="zh-CN")
    assert [one["no"] for one in found["near"]] == [flood] != [far]
    assert found["near"][0]["metres"] < 100 and found["near"][0]["fit"] > 0
    assert found["classes"][0] == {
        "code": "demo.flooded",
        "title": "下穿通道积水",
        "fit": found["classes"][0]["fit"],
    }
    assert desk.get("suggest?text=") == {"articles": [], "classes": [], "near": []}


def test_what_is_missing_is_told_to_those_who_write(desk: Desk) -> None:
    contact = desk.contact()["id"]
    body = {"kind": "question", "outcome": "noted", "text": "养狗要办证吗", "missing": True}
    desk.post(f"contacts/{contact}/requests", body)
    told = desk.get("articles/missing", "head")["items"]
    assert [one["text"] for one in told] == ["养狗要办证吗"]
    assert desk.http("operator", "GET", "/api/hotline/articles/missing").status_code == 403
    assert desk.get("figures")["missing"] == 1


def test_the_board_of_a_city(tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    file = tmp_path / "city" / "hotline.yaml"
    file.write_text(
        "lines:\n"
        "  city: {title: {zh-CN: 市民热线, en: City line}, number: '12345'}\n"
        "  consumers: {title: {zh-CN: 消费者热线, en: Consumers}, number: '12315'}\n"
        "frequent: {contacts: 3, days: 7}\n"
    )
    board = boards.load(tmp_path)
    assert list(board.lines) == ["city", "consumers"] and board.frequent_from == 3
    assert "phone" in board.channels and board.call_back_within == DAY
    assert boards.load(tmp_path).key == board.key and len(board.key) == 32
    assert (tmp_path / "keys" / "hotline.key").stat().st_mode & 0o077 == 0
    few = "frequent: {contacts: 0, days: 1}"
    for wrong in ("line: {}", few, "lines: {}", "numbering: {area: x}"):
        with pytest.raises(DocumentError):
            boards.read(documents.parse(wrong, "hotline.yaml"), b"")
