"""An address is somebody's when it has answered; whoever had enough says so by a link; a gateway
says later what arrived."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert, select

from tests.notices.conftest import Office
from tests.notices.test_http import Browser
from yiwang.kernel.clock import DAY, MINUTE
from yiwang.kernel.settings import Settings
from yiwang.notices import consent, deliveries, inbox, receipt_forms, receipts
from yiwang.notices.channels.email import Mail
from yiwang.notices.channels.port import REFUSED, Answer
from yiwang.notices.errors import BadChoice, BadLink, BadReceipt, TooManyCodes
from yiwang.notices.inbox import Wish
from yiwang.notices.model import account, address
from yiwang.notices.tables import code_counts, refusals
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
    inbox.set_preferences(wang, Wish("en", email="new@office.example"))
    assert third == code(office), "the code that is under way is enough"
    office.clock.advance(MINUTE)
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


def test_codes_are_neither_poured_over_an_address_nor_guessed(office: Office) -> None:
    """Three an hour to an address, whoever asks; five an hour of one account; ten wrong ones."""
    people = [office.caller(f"u{number}", "citizen") for number in range(4)]
    for one in people[:3]:
        inbox.set_preferences(one, Wish("en", email="Victim@home.example"))
    with pytest.raises(TooManyCodes) as refused:
        inbox.set_preferences(people[3], Wish("en", email="victim@HOME.example"))
    assert refused.value.fields == {"minutes": 60}
    office.clock.advance(61 * MINUTE)
    inbox.set_preferences(people[3], Wish("en", email="victim@home.example"))
    for number in range(4):
        inbox.set_preferences(people[3], Wish("en", phone=f"1380000000{number}"))
    with pytest.raises(TooManyCodes):
        inbox.set_preferences(people[3], Wish("en", phone="13800000009"))
    assert inbox.preferences(people[3])["pending"] == {"phone": "13800000003"}
    wanted = Wish("en", phone="13800000009")
    assert not any(consent.confirm(people[3], "sms", "x") for _ in range(6))
    office.clock.advance(61 * MINUTE)
    inbox.set_preferences(people[3], wanted)
    assert not any(consent.confirm(people[3], "sms", "x") for _ in range(5)), "ten wrong ones"
    office.clock.advance(61 * MINUTE)
    with pytest.raises(TooManyCodes):
        inbox.set_preferences(people[3], wanted)
    http = Browser(office)
    body = {"channel": "sms", "code": "1"}
    assert http("u3", "POST", "/preferences/confirm", json=body).status_code == 429
    office.clock.advance(DAY)
    inbox.set_preferences(people[3], wanted)
    with office.database.read() as connection:
        kept = set(connection.scalars(select(code_counts.c.subject)))
    assert kept == {"by:u3", "to:13800000009", "wrong:u3"}, "those of other days are gone"


def test_who_wants_no_letter_gets_no_text_message_instead(office: Office) -> None:
    both = address(email="resident@home.example", phone="13800001234", language="en")
    office.send("one", both, channels=("email", "sms"))
    office.sender().drain()
    link = urlsplit(office.email.got[0].unsubscribe)
    path = f"{link.path}?{link.query}".removeprefix("/api/notices")
    assert Browser(office)("nobody", "POST", path).status_code == 200
    assert office.send("two", both, channels=("email", "sms")) == 0
    assert office.send("three", both, channels=("sms",)) == 1, "they said nothing of these"


def test_a_letter_that_cannot_arrive_goes_by_text_message_unless_refused(office: Office) -> None:
    both = address(email="typo@home.example", phone="13800001234", language="en")
    office.email.always = Answer(REFUSED, "550 no such mailbox")
    office.send("one", both, channels=("email", "sms"))
    office.sender().drain()
    assert [one.address for one in office.sms.got] == ["13800001234"]
    assert office.sms.got[0].text != office.email.got[0].text, "the short words"
    office.sender().drain()
    rows = deliveries.deliveries(office.admin, {}, None, 10)
    assert [(row.channel, row.state) for row in rows] == [("sms", "delivered"), ("email", "failed")]
    with office.database.write() as connection:
        row = {"address": "13800001234", "channel": "sms", "at": 0}
        connection.execute(insert(refusals).values(**row))
    office.send("two", both, channels=("email", "sms"))
    office.sender().drain()
    assert len(office.sms.got) == 1


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
    assert '<form method="post">' in asked.text
    assert http("nobody", "GET", f"{paths[1]}&sure=1").status_code == 200
    office.send("two", RESIDENT)
    office.sender().drain()
    assert len(office.email.got) == 4, "what follows links by itself ends nothing"
    wrong = http("nobody", "POST", paths[1].replace("resident", "somebody"))
    assert (wrong.status_code, wrong.json()["type"]) == (403, "notices.bad_link")
    once = {"List-Unsubscribe": "One-Click"}
    assert http("nobody", "POST", paths[1], data=once).status_code == 200
    assert http("nobody", "POST", paths[0], data=once).status_code == 200
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
    assert http("nobody", "GET", "/sms/receipts").status_code == 403
    office.ports[Settings] = Settings()
    with pytest.raises(BadReceipt):
        receipts.take(
            type(office.admin)(ANONYMOUS, office.database, office.clock, office.ports),
            [{"key": ""}],
        )


NESTED = b'{"results": [{"messageId": "ID", "status": {"groupName": "DELIVERED"}}]}'


@pytest.mark.parametrize(
    ("asked", "body", "changed", "answered"),
    [
        ("key=k1&id=ID&status=DELIVRD", b"", {}, '{"taken":1}'),
        ("", b"pswd=k1&seq=ID&status=DELIVRD&note=", {"secret": "pswd", "id": "seq"}, None),
        ("key=k1&id=ID", b"MessageStatus=delivered", {"state": "MessageStatus"}, None),
        (
            "key=k1",
            b"report=%5B%7B%22uid%22%3A%22ID%22%2C%22got%22%3Atrue%7D%5D",
            {"list": "report", "id": "uid", "state": "got", "arrived": "true", "answer": "SUCCESS"},
            "SUCCESS",
        ),
        (
            "key=k1",
            NESTED,
            {
                "list": "results",
                "id": "messageId",
                "state": "status.groupName",
                "arrived": "DELIVERED",
            },
            None,
        ),
    ],
)  # fmt: skip
def test_receipts_as_gateways_write_them(
    office: Office, asked: str, body: bytes, changed: dict[str, str], answered: str | None
) -> None:
    settings = {f"sms_receipt_{name}": value for name, value in changed.items()}
    office.ports[Settings] = Settings(**({"sms_receipt_key": "k1"} | settings))
    office.send("one", address(phone="13800001234"), channels=("sms",))
    office.sender().drain()
    (row,) = deliveries.deliveries(office.admin, {}, None, 10)
    method = "POST" if body else "GET"
    path = f"/sms/receipts?{asked}".replace("ID", row.key)
    given = body.replace(b"ID", row.key.encode())
    answer = Browser(office)("nobody", method, path, content=given)
    assert answer.status_code == 200 and answered in (None, answer.text)
    (row,) = deliveries.deliveries(office.admin, {}, None, 10)
    assert (row.state, row.answer[:8]) == ("delivered", "receipt:")
    path, given = path.replace("k1", "k2"), given.replace(b"k1", b"k2")
    wrong = Browser(office)("nobody", method, path, content=given)
    assert wrong.status_code == 403


@pytest.mark.parametrize(
    "body", [b"\xff", b"[", b"{", b"word", b"[[]]", b"a=1&" * 2000, b"l=word", b"[" * 100_000]
)
def test_what_is_no_receipt(body: bytes) -> None:
    with pytest.raises(BadReceipt):
        receipt_forms.read({}, body, "l")
