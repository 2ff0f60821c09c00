"""An address is somebody's when it has answered; whoever had enough says so by a link; a gateway
says later what arrived."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.notices.conftest import Office
from tests.notices.test_http import Browser
from yiwang.kernel.clock import MINUTE
from yiwang.kernel.settings import Settings
from yiwang.notices import consent, deliveries, inbox, receipts
from yiwang.notices.channels.email import Mail
from yiwang.notices.errors import BadChoice, BadLink, BadReceipt
from yiwang.notices.inbox import Wish
from yiwang.notices.model import account, address
from yiwang.security.errors import Denied
from yiwang.security.model import ANONYMOUS

RESIDENT = address(email="Resident@home.example", language="en")


def code(office: Office) -> str:
    """What came to the address that was last asked."""
    office.sender().drain()
    found = re.search(r"\d{6}", office.email.got[-1].text)
    assert found is not None
    return found.group()


def test_an_address_counts_when_it_has_answered(office: Office) -> None:
    wang = office.caller("wang", "department_handler")
    inbox.set_preferences(wang, Wish("en", email="wang@office.example"))
    assert inbox.preferences(wang)["pending"] == {"email": "wang@office.example"}
    office.send("one", account("wang"))
    first = code(office)
    assert len(office.email.got) == 1, "nothing but the code goes to an address that may be wrong"
    assert office.email.got[0].unsubscribe == ""
    assert not consent.confirm(wang, "email", "x" + first)
    assert consent.confirm(wang, "email", f" {first} ")
    assert not consent.confirm(wang, "email", first), "a code is good once"
    held = inbox.preferences(wang)
    assert (held["email"], held["pending"]) == ("wang@office.example", {})
    inbox.set_preferences(wang, Wish("en", email="new@office.example"))
    assert inbox.preferences(wang)["email"] == "wang@office.example"
    second = code(office)
    for _ in range(5):
        consent.confirm(wang, "email", "000000" if second != "000000" else "1")
    assert not consent.confirm(wang, "email", second), "five wrong ones"
    inbox.set_preferences(wang, Wish("en", email="new@office.example"))
    third = code(office)
    office.clock.advance(31 * MINUTE)
    assert not consent.confirm(wang, "email", third) and inbox.preferences(wang)["pending"] == {}
    inbox.set_preferences(wang, Wish("en"))
    assert inbox.preferences(wang)["email"] == ""
    with pytest.raises(BadChoice):
        consent.confirm(wang, "letter", "1")
    with pytest.raises(Denied):
        consent.confirm(office.caller("nobody"), "email", "1")


def test_the_link_of_a_letter_ends_letters(office: Office) -> None:
    http = Browser(office)
    wang = office.caller("wang", "department_handler")
    inbox.set_preferences(wang, Wish("en", email="wang@office.example"))
    consent.confirm(wang, "email", code(office))
    office.send("one", account("wang"), RESIDENT)
    office.sender().drain()
    links = [urlsplit(one.unsubscribe) for one in office.email.got[1:]]
    assert [one.netloc for one in links] == ["city.example"] * 2
    paths = [f"{one.path}?{one.query}".removeprefix("/api/notices") for one in links]
    asked = http("nobody", "GET", paths[1])
    assert asked.status_code == 200 and "resident@home.example" in asked.text
    office.send("two", RESIDENT)
    office.sender().drain()
    assert len(office.email.got) == 4, "to ask ends nothing"
    wrong = http("nobody", "POST", paths[1].replace("resident", "somebody"))
    assert (wrong.status_code, wrong.json()["type"]) == (403, "notices.bad_link")
    assert http("nobody", "POST", paths[1]).status_code == 200
    assert http("nobody", "GET", f"{paths[0]}&sure=1").status_code == 200
    office.send("three", account("wang"), RESIDENT)
    office.sender().drain()
    assert len(office.email.got) == 4
    assert inbox.preferences(wang)["channels"] == ["sms"]
    with pytest.raises(BadLink):
        consent.check(office.admin, "webhook", "user:wang", "é")


def test_a_letter_carries_the_link_for_people_and_for_mail_programs(office: Office) -> None:
    office.send("one", RESIDENT)
    office.sender().drain()
    mail = Mail(Settings(smtp_host="mail.example", smtp_from="City <city@city.example>"))
    letter = mail.letter(office.email.got[0])
    link = office.email.got[0].unsubscribe
    assert letter["List-Unsubscribe"] == f"<{link}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "".join(letter.get_content().split()).endswith("".join(link.split()))


def test_receipts_of_the_gateway(office: Office) -> None:
    http = Browser(office)
    office.ports[Settings] = Settings(sms_receipt_key="k1", sms_receipt_id="seq")
    office.send("one", address(phone="13800001234"), channels=("sms",))
    office.sender().drain()
    (row,) = deliveries.deliveries(office.admin, {}, None, 10)
    assert row.state == "delivered"

    def tell(body: Any, key: str = "k1") -> Any:
        return http("nobody", "POST", f"/sms/receipts?key={key}", json=body)

    assert tell({"seq": row.key, "status": "UNDELIV"}).json() == {"taken": 1}
    (row,) = deliveries.deliveries(office.admin, {}, None, 10)
    assert (row.state, row.answer) == ("failed", "receipt: UNDELIV")
    unknown = {"seq": "x", "status": "DELIVRD"}
    assert tell([{"seq": row.key, "status": "DELIVRD"}, unknown]).json() == {"taken": 1}
    (row,) = deliveries.deliveries(office.admin, {}, None, 10)
    assert (row.state, row.answer, row.failed) == ("delivered", "receipt: DELIVRD", None)
    for body, key in (({}, "wrong"), ("text", "k1"), ([1], "k1")):
        refused = tell(body, key)
        assert (refused.status_code, refused.json()["type"]) == (403, "notices.bad_receipt")
    office.ports[Settings] = Settings()
    with pytest.raises(BadReceipt):
        receipts.take(
            type(office.admin)(ANONYMOUS, office.database, office.clock, office.ports), "", []
        )
