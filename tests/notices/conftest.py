"""A place from which notices leave, with channels that write down what they carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from yiwang.kernel.clock import ManualClock
from yiwang.notices import rules, service
from yiwang.notices.channels.port import AGAIN, TAKEN, Answer, Outgoing
from yiwang.notices.keys import Keys
from yiwang.notices.model import EMAIL, IN_APP, SMS, WEBHOOK, Notice, Recipient, account
from yiwang.notices.policy import Policy
from yiwang.notices.sender import Sender
from yiwang.security.actions import Caller
from yiwang.security.model import Identity, system
from yiwang.store.database import Database

LIVE = {WEBHOOK: "live", EMAIL: "live", SMS: "live"}
GOOD = Answer(TAKEN, "250")
DOWN = Answer(AGAIN, "503", down=True)


@dataclass
class Carrier:
    """A channel that writes down what it got and answers as it is told, then with ``always``."""

    answers: list[Answer] = field(default_factory=list)
    always: Answer = GOOD
    got: list[Outgoing] = field(default_factory=list)

    def send(self, message: Outgoing) -> Answer:
        self.got.append(message)
        return self.answers.pop(0) if self.answers else self.always


class Office:
    """Callers, channels and a sender over one database; half of every random draw."""

    def __init__(self, database: Database, clock: ManualClock, home: Path) -> None:
        self.database = database
        self.clock = clock
        self.email, self.sms, self.webhook = Carrier(), Carrier(), Carrier()
        self.policy = Policy(
            rules.read(), LIVE, "zh-CN", base="https://city.example", keys=Keys(home / "k")
        )
        self.ports: dict[type, Any] = {Policy: self.policy}

    def change(self, **values: Any) -> None:
        self.policy = replace(self.policy, **values)
        self.ports[Policy] = self.policy

    def caller(self, name: str, *roles: str) -> Caller:
        identity = Identity("user", 1, name, frozenset(roles))
        return Caller(identity, self.database, self.clock, self.ports)

    @property
    def platform(self) -> Caller:
        return Caller(system("test"), self.database, self.clock, self.ports)

    @property
    def admin(self) -> Caller:
        return self.caller("admin", "administrator")

    def sender(self) -> Sender:
        channels = {EMAIL: self.email, SMS: self.sms, WEBHOOK: self.webhook}
        return Sender(self.database, self.clock, self.policy, channels, lambda: 0.5)

    def send(self, event: str, *to: Recipient, **changed: Any) -> int:
        values: dict[str, Any] = {
            "event": event,
            "topic": "case.close",
            "about": "case:812",
            "template": "closed",
            "fields": {"no": 812, "class": {"zh-CN": "积水", "en": "Flood"}, "result": "Pumped"},
            "to": to or (account("wang"),),
            "channels": (IN_APP, EMAIL, SMS),
            "path": "/cases/812",
        }
        return service.send(self.platform, Notice(**(values | changed)))


@pytest.fixture
def office(database: Database, clock: ManualClock, tmp_path: Path) -> Office:
    return Office(database, clock, tmp_path)


States = Callable[..., list[str]]


def subjects(messages: Sequence[Outgoing]) -> list[str]:
    return [one.subject for one in messages]
