"""From what was committed to what was delivered: retries, limits, quiet hours, crashes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from tests.notices.conftest import DOWN, Office, subjects
from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND, ManualClock, parse
from yiwang.notices import deliveries, inbox, queue, service, store
from yiwang.notices.channels.port import AGAIN, REFUSED, Answer
from yiwang.notices.errors import BadChoice, NotRepeatable, UnknownTemplate
from yiwang.notices.inbox import Wish
from yiwang.notices.model import CONFIRM, EMAIL, IN_APP, SMS, account, address, person
from yiwang.notices.tables import attempts, notices
from yiwang.registry import editing
from yiwang.security.actions import Context
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

RESIDENT = address(email="resident@home.example", language="en")


def states(office: Office) -> list[str]:
    return [row.state for row in deliveries.deliveries(office.admin, {}, None, 100)][::-1]


def tries(office: Office) -> list[str]:
    with office.database.read() as connection:
        query = select(attempts.c.outcome).order_by(attempts.c.notice, attempts.c.no)
        return [row.outcome for row in connection.execute(query)]


def wish(office: Office, name: str, **values: object) -> None:
    """What somebody wants, with addresses that have answered."""
    caller = office.caller(name, "department_handler")
    inbox.set_preferences(caller, Wish(**values))  # type: ignore[arg-type]
    with office.database.write() as connection:
        held = store.preferences(connection, [name])[name]
        known = {part: values[part] for part in ("email", "phone") if part in values}
        kept = replace(held, **known)  # type: ignore[arg-type]
        store.set_preferences(connection, name, kept, office.clock.now())
        connection.execute(delete(notices).where(notices.c.topic == CONFIRM))


def test_what_is_sent_twice_is_told_once(office: Office) -> None:
    wish(office, "wang", email="wang@office.example")
    for _ in range(3):
        office.send("case:812/close/5", account("wang"), account("wang"), RESIDENT)
    assert states(office) == ["delivered", "waiting", "waiting"]
    office.sender().drain()
    office.send("case:812/close/5", RESIDENT)
    office.sender().drain()
    assert [one.address for one in office.email.got] == [
        "wang@office.example",
        "resident@home.example",
    ]
    assert states(office) == ["delivered"] * 3


def test_words_are_in_the_recipients_language(office: Office) -> None:
    wish(office, "wang", email="wang@office.example", language="zh-CN")
    office.send("e", account("wang"), RESIDENT)
    office.sender().drain()
    assert subjects(office.email.got) == ["812 号案卷已办结", "Case 812 is closed"]
    chinese, english = (one.text for one in office.email.got)
    assert "办理结果：Pumped" in chinese and "（积水）" in chinese
    assert "What was done: Pumped" in english and "https://city.example/cases/812" in english
    assert "Place:" not in english, "a line without its field is left out"


def test_a_person_of_the_registry_is_told_by_phone_and_once_by_account(office: Office) -> None:
    made = editing.add(
        office.platform,
        "people",
        {"code": "P1", "name": "王伟", "phone": "+8613800001234", "user": "wang"},
    )
    office.send("e", person(made.id), account("wang"))
    office.sender().drain()
    assert [(one.address, "\n" in one.text) for one in office.sms.got] == [
        ("+8613800001234", False)
    ]
    assert inbox.unread(office.caller("wang", "grid_worker")) == 1


def test_somebody_without_an_account_gets_one_message(office: Office) -> None:
    office.send("e", address(email="a@home.example", phone="13800001234"))
    office.sender().drain()
    assert len(office.email.got) == 1 and office.sms.got == []


def test_an_unknown_channel_or_template_is_refused(office: Office) -> None:
    with pytest.raises(BadChoice):
        office.send("e", RESIDENT, channels=("fax",))
    with pytest.raises(UnknownTemplate):
        office.send("e", RESIDENT, template="nothing")
    assert states(office) == []


def test_a_failed_attempt_is_made_again_at_its_time(office: Office, clock: ManualClock) -> None:
    office.email.answers = [Answer(AGAIN, "450 later"), Answer(AGAIN, "421 busy", 120)]
    office.send("e", RESIDENT)
    start, made = clock.now(), []
    for _ in range(200):
        if office.sender().drain():
            made.append((clock.now() - start) // SECOND)
        clock.advance(SECOND)
    assert made == [0, 10, 130], "after 10 s, then as late as the server wished"
    assert states(office) == ["delivered"] and tries(office) == ["failed", "failed", "taken"]
    assert len({one.id for one in office.email.got}) == 1


def test_what_is_refused_or_too_old_has_failed_and_can_be_sent_again(
    office: Office, clock: ManualClock
) -> None:
    office.email.answers = [Answer(REFUSED, "550 nobody")]
    office.send("e", RESIDENT)
    office.sender().drain()
    assert states(office) == ["failed"]
    office.email.always = Answer(AGAIN, "451")
    office.send("f", RESIDENT)
    for _ in range(100):
        office.sender().drain()
        clock.advance(HOUR)
    assert states(office) == ["failed", "failed"]
    assert 15 < len(office.email.got) < 22
    failed = deliveries.deliveries(office.admin, {"state": "failed"}, None, 10)
    assert [row.answer for row in failed] == ["451", "550 nobody"]
    office.email.always = Answer("taken", "250")
    for row in failed:
        deliveries.send_again(office.admin, row.id)
    office.sender().drain()
    assert states(office) == ["delivered", "delivered"]
    with pytest.raises(NotRepeatable):
        deliveries.send_again(office.admin, failed[0].id)
    row, made = deliveries.delivery(office.admin, failed[1].id)
    assert [one.outcome for one in made] == ["refused", "taken"] and row.failed is None


def test_a_server_that_is_down_is_not_asked_for_every_message(
    office: Office, clock: ManualClock
) -> None:
    office.email.always = DOWN
    for number in range(30):
        office.send(f"e{number}", address(email=f"r{number}@home.example"))
    office.sender().drain()
    assert len(office.email.got) == 1
    assert states(office) == ["waiting"] * 30 and tries(office) == ["failed"]
    office.email.always = Answer("taken", "250")
    clock.advance(MINUTE)
    office.sender().drain()
    assert states(office) == ["delivered"] * 30


def test_outward_off_and_rehearse_open_no_socket(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", _no_socket)
    monkeypatch.setattr("socket.getaddrinfo", _no_socket)
    office.change(modes={"email": "rehearse", "sms": "off", "webhook": "rehearse"})
    office.send("e", RESIDENT, address(phone="13800001234"), account("wang"))
    office.sender().drain()
    assert states(office) == ["rehearsed", "suppressed", "delivered"]
    assert office.email.got == [] and office.sms.got == [] and tries(office) == []
    row = deliveries.deliveries(office.admin, {"channel": EMAIL}, None, 1)[0]
    assert row.subject == "Case 812 is closed" and row.address == "resident@home.example"


def _no_socket(*_: object) -> None:
    raise AssertionError("a socket was used")


def test_quiet_hours_hold_back_what_is_not_urgent(office: Office, clock: ManualClock) -> None:
    wish(office, "wang", email="wang@office.example", quiet=(22 * 60, 7 * 60))
    clock.set(parse("2026-07-01T23:30:00+08:00"))
    office.send("e", account("wang"))
    office.send("f", account("wang"), urgent=True, template="urged")
    office.sender().drain()
    assert subjects(office.email.got) == ["812 号案卷催办"]
    assert inbox.unread(office.caller("wang", "grid_worker")) == 2
    clock.set(parse("2026-07-02T06:59:59+08:00"))
    assert office.sender().drain() == 0
    clock.set(parse("2026-07-02T07:00:00+08:00"))
    assert office.sender().drain() == 1


def test_over_the_limit_there_is_one_summary(office: Office, clock: ManualClock) -> None:
    office.change(per_hour=3)
    for number in range(10):
        office.send(f"e{number}", RESIDENT)
    office.sender().drain()
    for number in range(10, 15):
        office.send(f"e{number}", RESIDENT)
        office.sender().drain()
    office.send("urgent", RESIDENT, urgent=True, template="urged")
    office.send("other", address(email="other@home.example"))
    office.sender().drain()
    assert len(office.email.got) == 5
    assert states(office).count("suppressed") == 12
    clock.advance(HOUR)
    office.sender().drain()
    assert subjects(office.email.got)[5:] == ["12 more notices"]
    office.send("e15", RESIDENT)
    office.sender().drain()
    assert len(office.email.got) == 7


def test_nothing_is_lost_between_commit_and_send(office: Office, clock: ManualClock) -> None:
    """The process dies after it wrote an attempt down: nobody knows whether it was made."""

    class Killed(BaseException):
        pass

    def die(message: object) -> Answer:
        office.email.got.append(message)  # type: ignore[arg-type]
        raise Killed

    office.send("e", RESIDENT)
    sender = office.sender()
    office.email.send = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        sender.drain()
    assert states(office) == ["sending"] and tries(office) == [""]
    del office.email.send
    assert office.sender().drain() == 0, "it may still be under way"
    with office.database.write() as connection:
        assert queue.recover(connection, clock.now()) == 1
    assert office.sender().drain() == 1
    assert states(office) == ["delivered"] and tries(office) == ["lost", "taken"]
    assert len({one.id for one in office.email.got}) == 1


def test_an_attempt_that_nobody_ends_is_made_again(office: Office, clock: ManualClock) -> None:
    office.send("e", RESIDENT)
    with office.database.write() as connection:
        assert list(queue.take(connection, clock.now(), office.policy, ())) == [EMAIL]
    clock.advance(queue.LEASE)
    assert office.sender().drain() == 1
    assert tries(office) == ["lost", "taken"]


def test_a_transaction_that_is_rolled_back_tells_nobody(office: Office) -> None:
    class Change(Exception):
        pass

    with pytest.raises(Change), office.database.write() as connection:
        context = Context(office.platform, connection)
        service.send(context, *[])
        store.follow(connection, _follower())
        raise Change
    with office.database.read() as connection:
        context = Context(office.platform, connection)
        assert service.followers(context, ["case:1"]) == []
    assert states(office) == []


def _follower() -> dict[str, object]:
    who = {"about": "case:1", "recipient": "address:1", "email": "", "phone": "1"}
    return who | {"language": "", "since": 0}


def test_people_follow_and_leave(office: Office) -> None:
    service.follow(office.platform, "case:1", email="a@home.example", language="en")
    service.follow(office.platform, "case:1", email="A@home.example", language="en")
    service.follow(office.platform, "case:1", phone="138 0000 1234")
    service.follow(office.platform, "case:2")
    with office.database.read() as connection:
        found = service.followers(Context(office.platform, connection), ["case:1", "case:2"])
    assert sorted((about, one.email, one.phone) for about, one, _ in found) == [
        ("case:1", "", "13800001234"),
        ("case:1", "A@home.example", ""),
    ]
    assert service.unfollow(office.platform, "case:1", email="a@home.example")
    assert not service.unfollow(office.platform, "case:1", email="a@home.example")


def test_old_deliveries_go_and_what_waits_stays(office: Office, clock: ManualClock) -> None:
    office.send("old", RESIDENT)
    office.sender().drain()
    office.email.always = DOWN
    office.send("waits", RESIDENT)
    clock.advance(DAY)
    office.send("new", account("wang"), channels=(IN_APP,))
    with office.database.write() as connection:
        assert store.prune(connection, clock.now()) == 1
        assert store.prune(connection, clock.now()) == 0
    assert states(office) == ["waiting", "delivered"]
    assert tries(office) == []


def test_the_queue_survives_another_process(office: Office) -> None:
    """What one process committed another one finds: nothing is kept in memory only."""
    office.send("e", RESIDENT)
    url = office.database.engine.url.render_as_string(hide_password=False)
    other = Database(url)
    migrate(other)
    with other.read() as connection:
        assert queue.waits(connection, office.clock.now())
    other.close()


def test_no_more_than_the_limit_at_any_moment_counts_rehearsals_too(office: Office) -> None:
    office.change(per_hour=2, modes=dict.fromkeys(("email", "sms", "webhook"), "rehearse"))
    for number in range(5):
        office.send(f"e{number}", RESIDENT)
    office.sender().drain()
    assert sorted(states(office)) == ["rehearsed"] * 2 + ["suppressed"] * 3 + ["waiting"]


def test_sms_and_email_have_limits_of_their_own(office: Office) -> None:
    office.change(per_hour=1)
    wish(office, "wang", email="w@office.example", phone="13800001234")
    office.send("e", account("wang"))
    office.sender().drain()
    assert len(office.email.got) == len(office.sms.got) == 1
    wish(office, "wang", email="w@office.example", phone="13800001234", channels=[SMS])
    office.send("f", account("wang"))
    with office.database.read() as connection:
        query = select(func.count()).where(notices.c.channel == EMAIL)
        assert connection.execute(query).scalar() == 1
