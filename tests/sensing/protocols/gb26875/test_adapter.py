"""A transmission device talks to a running home over real sockets."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sensing.protocols.gb26875.conftest import (
    CENTRE,
    GATEWAY,
    KINDS,
    NOW,
    WHEN,
    analog,
    answer,
    frame,
    part_state,
)
from tests.sensing.protocols.running import Client, Home, kinds, until
from yiwang.kernel.clock import ManualClock
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.gb26875.adapter import LIMITS, Gb26875
from yiwang.sensing.protocols.gb26875.conversation import Patience
from yiwang.sensing.protocols.gb26875.model.frame import Command, Frame, decode, encode, tag_of
from yiwang.sensing.protocols.limits import Limits
from yiwang.store.database import Database

LONG = Patience(look_after=10**18)
"""Asks nothing of itself."""


class Fire(Home):
    """A home with a transmission device, a smoke detector, a heat detector and a system."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        limits: Limits = LIMITS,
        patience: Patience = LONG,
        **settings: Any,
    ) -> None:
        adapters = {"gb26875": Gb26875(limits, patience)}
        super().__init__(
            folder, database, KINDS, adapters=adapters, clock=ManualClock(NOW), **settings
        )

    def __enter__(self) -> Fire:
        super().__enter__()
        code = f"{GATEWAY}-1-1"
        self.gateway = self.register(f"{GATEWAY}")
        self.smoke = self.register(f"{code}-7", kind="test.smoke_detector")
        self.heat = self.register(f"{code}-8", kind="test.heat_detector")
        self.system = self.register(f"{GATEWAY}-12-2", kind="test.sprinkler_system")
        return self

    def panel(self) -> Client:
        """A connected transmission device; one that was asked how it is said nothing."""
        client = self.client("gb26875")
        client.send(frame(serial=0))
        assert answer(client).command == Command.CONFIRM
        if self.settings.outward == "live":
            question = answer(client)
            assert (question.command, question.unit) == (Command.REQUEST, bytes((81, 1, 0)))
        return client


def test_states_and_values_are_stored_then_confirmed(tmp_path: Path, database: Database) -> None:
    with Fire(tmp_path, database) as home, home.panel() as client:
        client.send(frame(b"\x02\x01" + part_state(3, note="3层走廊"), serial=5))
        confirmed = answer(client)
        assert (confirmed.command, confirmed.serial) == (Command.CONFIRM, 5)
        assert (confirmed.source, confirmed.target) == (CENTRE, GATEWAY)
        assert confirmed.tag == tag_of(WHEN)
        client.send(frame(b"\x03\x03" + analog(3, 255) + analog(4, 2) + analog(200, 7), serial=6))
        client.send(frame(b"\x01\x01\x0c\x02\x00\x01" + tag_of(WHEN), serial=7))
        client.send(frame(b"\x15\x01\x09" + tag_of(WHEN), serial=8))
        client.send(frame(b"\x18\x01\x20\x01" + tag_of(WHEN), serial=9))
        said = [answer(client) for _ in range(4)]
        assert [(each.command, each.serial) for each in said] == [(3, 6), (3, 7), (3, 8), (3, 9)]
        observed = home.observed(home.smoke, "smoke")
        assert observed.result.tolist() == [1.0]
        assert observed.time.tolist() == [NOW]
        assert "3层走廊" in observed.extra[0]
        assert home.results(home.smoke, "self_test") == [0.0]
        assert home.results(home.heat, "temperature") == [25.5]
        assert home.results(home.heat, "pressure") == pytest.approx([200.0])
        assert home.results(home.heat, "maker") == [3.5]
        assert home.results(home.system, "mains_fault") == [1.0]
        assert home.results(home.gateway, "mains_fault") == [1.0]
        assert home.results(home.gateway, "on_duty") == [1.0]
        assert home.ledger("gb26875") == (8, 8, 0, 0)


def test_what_is_sent_twice_is_stored_once_and_confirmed_again(
    tmp_path: Path, database: Database
) -> None:
    with Fire(tmp_path, database) as home, home.panel() as client:
        for _ in range(2):
            client.send(frame(b"\x02\x01" + part_state(3)))
            assert answer(client).command == Command.CONFIRM
        assert home.ledger("gb26875") == (4, 2, 2, 0)


def test_a_part_that_nobody_registered_is_denied_kept_and_listed(
    tmp_path: Path, sqlite: Database
) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        sent = frame(b"\x02\x01" + part_state(3, part=131082, note="地下车库"))
        client.send(sent)
        assert answer(client).command == Command.DENY
        assert home.ledger("gb26875") == (1, 0, 0, 1)
        [kept] = home.rejections("gb26875")
        assert (kept.reason, kept.raw) == ("sensing.unknown_address", sent)
        assert "889-1-1-131082" in kept.where
        shown = home.request("GET", "/api/protocols", headers=home.token("command_centre")).json()
        [listed] = [each for each in shown["items"] if each["name"] == "gb26875"]
        assert list(listed["unmapped"]) == ["889-1-1-131082 (42 点型光电感烟火灾探测器 地下车库)"]
        home.register("889-1-1-131082", kind="test.smoke_detector")
        client.send(sent)
        assert answer(client).command == Command.CONFIRM


def test_a_frame_of_which_a_part_is_stored_is_confirmed(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        client.send(frame(b"\x02\x02" + part_state(3) + part_state(3, part=99)))
        assert answer(client).command == Command.CONFIRM
        assert home.ledger("gb26875") == (3, 2, 0, 1)


def test_impossible_values_and_times_are_rejected(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        client.send(frame(b"\x03\x01" + analog(3, 9999)))
        assert answer(client).command == Command.DENY
        wrong = bytearray(part_state(3))
        wrong[-2] = 13
        client.send(frame(b"\x02\x01" + bytes(wrong)))
        assert answer(client).command == Command.DENY
        client.send(frame(b"\x02\x01" + part_state(3, when=None)))
        assert answer(client).command == Command.CONFIRM
        assert home.observed(home.smoke, "smoke").time.tolist() == [NOW]
        reasons = {kept.reason for kept in home.rejections("gb26875")}
        assert reasons == {"sensing.out_of_range", "sensing.bad_time"}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (frame(b"\x63\x01\x00"), "sensing.gb26875_type"),
        (frame(b"\x15\x02\x00"), "sensing.gb26875_size"),
        (frame(command=7), "sensing.gb26875_command"),
        (frame(b"\x15\x01\x00" + tag_of(WHEN), source=890), "sensing.unknown_address"),
        (frame(b"\x15\x01\x00" + tag_of(WHEN))[:-3] + b"\x00##", "sensing.bad_checksum"),
        (
            frame(b"\x03\x01" + analog(12, 9)),
            "sensing.nothing_mapped",
        ),
    ],
)
def test_what_is_refused_is_kept_with_its_reason(
    tmp_path: Path, sqlite: Database, sent: bytes, reason: str
) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        client.send(sent)
        if reason != "sensing.gb26875_command":
            denied = answer(client)
            assert (denied.command, denied.serial) == (Command.DENY, 1)
        until(lambda: home.ledger("gb26875")[0])
        [kept] = home.rejections("gb26875")
        assert (kept.reason, kept.raw) == (reason, sent)


def test_rubbish_between_frames_is_kept_and_the_next_frame_read(
    tmp_path: Path, sqlite: Database
) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        client.send(b"AT+CSQ\r\n" + frame(b"\x02\x01" + part_state(3)))
        assert answer(client).command == Command.CONFIRM
        [kept] = home.rejections("gb26875")
        assert (kept.reason, kept.raw) == ("sensing.bad_frame", b"AT+CSQ\r\n")


def test_frames_may_be_split_and_merged_anywhere(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        sent = b"".join(
            frame(b"\x02\x01" + part_state(3, when=WHEN.replace(minute=n)), serial=n)
            for n in range(30)
        )
        for low in range(0, len(sent), 11):
            client.send(sent[low : low + 11])
        assert sorted(answer(client).serial for _ in range(30)) == list(range(30))
        assert home.ledger("gb26875") == (60, 60, 0, 0)


def test_it_is_spoken_over_udp_as_well(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home:
        where = ("127.0.0.1", home.field.ports["gb26875"].number)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            plug.settimeout(20)
            plug.sendto(frame(b"\x02\x01" + part_state(3), serial=3), where)
            said = decode(plug.recv(2048))
            assert (said.command, said.serial) == (Command.CONFIRM, 3)
            plug.sendto(b"hello", where)
            until(lambda: home.ledger("gb26875")[3])
        assert home.results(home.smoke, "smoke") == [1.0]


def test_the_device_is_asked_how_it_is_and_its_answer_stored(
    tmp_path: Path, sqlite: Database
) -> None:
    with Fire(tmp_path, sqlite, outward="live") as home, home.client("gb26875") as client:
        client.send(frame())
        assert answer(client).command == Command.CONFIRM
        question = answer(client)
        state = b"\x15\x01\x08" + tag_of(WHEN)
        client.send(frame(state, serial=question.serial, command=Command.ANSWER))
        until(lambda: home.results(home.gateway, "mains_fault") == [1.0])
        assert client.silent(0.2)


def test_what_a_device_says_of_itself_is_shown(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        client.send(frame(b"\x19\x01\x02\x07"))
        client.send(frame(b"\x1a\x01\x04GST5"))
        assert [answer(client).command for _ in range(2)] == [Command.CONFIRM] * 2
        shown = home.request(
            "GET", "/api/protocols/gb26875/devices", headers=home.token("command_centre")
        ).json()
        [device] = shown["items"]
        assert device["said"] == {"version": "2.7", "setup": "GST5"}
        assert home.ledger("gb26875") == (0, 0, 0, 0)


ORDERS = [
    ("sync_clock", {}, 1, b"\x5a\x01" + tag_of(WHEN)),
    ("inspect", {}, 1, b"\x5b\x01\x0a"),
    ("inspect", {"minutes": 5}, 1, b"\x5b\x01\x05"),
    ("initialise", {}, 1, b"\x59\x01\x00"),
    ("read_version", {}, 4, b"\x55\x01\x00"),
    ("read_system", {"system": 12, "address": 2}, 4, b"\x3d\x01\x0c\x02"),
    ("read_part", {"system": 1, "address": 1, "part": 7}, 4, b"\x3e\x01\x01\x01\x07\0\0\0"),
]


@pytest.mark.parametrize(("name", "arguments", "command", "unit"), ORDERS)
def test_the_centre_commands(
    tmp_path: Path,
    sqlite: Database,
    name: str,
    arguments: dict[str, Any],
    command: int,
    unit: bytes,
) -> None:
    with Fire(tmp_path, sqlite, outward="live") as home, home.panel() as client:
        order = home.field.order(home.gateway.thing, name, arguments)
        asked = answer(client)
        assert (asked.command, asked.unit, asked.target) == (command, unit, GATEWAY)
        client.send(frame(serial=asked.serial, command=Command.CONFIRM))
        assert order.done is not None and order.done.result(20) == {"confirmed": True}


def test_an_answer_is_given_to_who_asked_and_stored(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite, outward="live") as home, home.panel() as client:
        order = home.field.order(
            home.gateway.thing, "read_part", {"system": 1, "address": 1, "part": 7}
        )
        asked = answer(client)
        client.send(frame(b"\x02\x01" + part_state(2), serial=asked.serial, command=5))
        assert order.done is not None
        said = order.done.result(20)
        assert said["889-1-1-7 fire"] == 1 and said["889-1-1-7 fault"] == 0
        until(lambda: home.results(home.smoke, "smoke") == [1.0])


def test_a_silent_device_is_asked_again(tmp_path: Path, sqlite: Database) -> None:
    quick = Patience(wait_s=0.05, tries=3, look_after=10**18)
    with Fire(tmp_path, sqlite, patience=quick, outward="live") as home, home.panel() as client:
        order = home.field.order(home.gateway.thing, "initialise", {})
        asked = [answer(client) for _ in range(3)]
        assert len({each.serial for each in asked}) == 1
        assert order.done is not None and order.done.exception(20) is not None
        assert order.error is not None and order.error.code == "sensing.no_answer"


def test_a_device_that_denies_is_asked_again(tmp_path: Path, sqlite: Database) -> None:
    slow = Patience(wait_s=20, tries=2, look_after=10**18)
    with Fire(tmp_path, sqlite, patience=slow, outward="live") as home, home.panel() as client:
        order = home.field.order(home.gateway.thing, "initialise", {})
        for _ in range(2):
            client.send(frame(serial=answer(client).serial, command=Command.DENY))
        assert order.done is not None and order.done.exception(20) is not None
        assert order.error is not None and order.error.code == "sensing.device_refused"


@pytest.mark.parametrize("arguments", [{"minutes": 256}, {"minutes": "soon"}])
def test_an_argument_that_cannot_be_is_refused(
    tmp_path: Path, sqlite: Database, arguments: dict[str, Any]
) -> None:
    with Fire(tmp_path, sqlite, outward="live") as home, home.panel():
        order = home.field.order(home.gateway.thing, "inspect", arguments)
        assert order.done is not None and order.done.exception(20) is not None
        assert order.error is not None and "up to 255" in str(order.error)


def test_a_hostile_client_is_cut_off_and_others_are_served(
    tmp_path: Path, sqlite: Database
) -> None:
    limits = Limits(frame_bytes=2108, first_frame_s=0.3, frame_s=0.3, junk=3, sweep_s=0.05)
    pool = ThreadPoolExecutor(4)
    with Fire(tmp_path, sqlite, limits) as home, home.panel() as good, pool as hostile:
        mute = home.client("gb26875")
        slow = home.client("gb26875")
        slow.send(frame(b"\x02\x01" + part_state(3))[:40])
        noisy = home.client("gb26875")
        noisy.send(b"@@" * 40_000)
        endless = home.client("gb26875")
        endless.send(b"\0" * 200_000)
        cut = [hostile.submit(each.closed) for each in (mute, slow, noisy, endless)]
        good.send(frame(b"\x02\x01" + part_state(3)))
        assert answer(good).command == Command.CONFIRM
        assert all(each.result(20) for each in cut)


BAD_MAPPINGS = {
    "no such bit": ("values: {smoke: smoke}", "fire"),
    "other unit": ("values: {smoke: temperature}", "unit: degC"),
    "no such property": ("values: {smok: fire}", "smoke"),
}


@pytest.mark.parametrize("name", BAD_MAPPINGS)
def test_a_wrong_mapping_says_what_is_wrong(name: str) -> None:
    section, word = BAD_MAPPINGS[name]
    text = f"""
kinds:
  smoke_detector:
    properties:
      smoke: {{unit: cm}}
    protocols:
      gb26875:
        {section}
"""
    with pytest.raises(BadMapping, match=word):
        kinds(text, {"gb26875": Gb26875()})


def test_heartbeats_cost_nothing(tmp_path: Path, sqlite: Database) -> None:
    with Fire(tmp_path, sqlite) as home, home.panel() as client:
        heartbeat = encode(Frame(4, Command.SEND, GATEWAY, CENTRE))
        client.send(heartbeat * 20)
        assert [answer(client).command for _ in range(20)] == [Command.CONFIRM] * 20
        assert home.ledger("gb26875") == (0, 0, 0, 0)
