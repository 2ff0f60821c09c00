"""Adding, changing, removing: permission, audit line, event, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.registry.conftest import square
from yiwang.kernel.errors import YiwangError
from yiwang.registry import editing, errors, service
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.security.tables import audit_log
from yiwang.store.outbox import outbox

PLACE = {"kind": "station", "code": "K1", "name_zh": "一号站", "lon": 0.5, "lat": 0.5}


def events(caller: Caller) -> list[str]:
    with caller.database.read() as connection:
        query = select(outbox).where(outbox.c.topic == "registry.changed").order_by(outbox.c.id)
        return [row.body["what"] for row in connection.execute(query)]


def test_add_change_remove(city: Caller, caller_for: Callable[..., Caller]) -> None:
    centre = caller_for("command_centre")
    made = editing.add(centre, "places", PLACE)
    assert made.grid == service.number_of(city, "areas", "G-1")
    changed = editing.change(centre, "places", made.id, {"lon": 1.5, "attributes": {"x": 1}})
    assert changed.grid == service.number_of(city, "areas", "G-2")
    assert (changed.code, changed.name_zh, changed.attributes) == ("K1", "一号站", {"x": 1})
    editing.remove(centre, "places", made.id)
    assert service.places(city, "station") == []
    assert service.place(city, made.id) == changed, "history still finds it"
    again = editing.add(centre, "places", PLACE)
    assert again.id == made.id, "the same code comes back as the same record"
    assert events(city)[-4:] == ["places"] * 4
    with city.database.read() as connection:
        query = select(audit_log.c.verb, audit_log.c.subject).order_by(audit_log.c.id.desc())
        lines = [tuple(row) for row in connection.execute(query.limit(4))]
    subject = f"places:{made.id}"
    verbs = ["registry_added", "registry_removed", "registry_changed", "registry_added"]
    assert lines == [(verb, subject) for verb in verbs]


def test_only_those_who_may_write(city: Caller, caller_for: Callable[..., Caller]) -> None:
    worker = caller_for("grid_worker")
    assert len(editing.page(worker, "places")) == 3
    for act in (
        lambda: editing.add(worker, "places", PLACE),
        lambda: editing.change(worker, "places", 1, {}),
        lambda: editing.remove(worker, "places", 1),
        lambda: editing.load(worker, {}),
        lambda: editing.page(caller_for("citizen"), "places"),
    ):
        with pytest.raises(Denied):
            act()


@pytest.mark.parametrize(
    ("noun", "raw", "error", "words"),
    [
        ("places", {**PLACE, "lan": 1}, errors.UnknownField, ["lan", "Perhaps you meant: l"]),
        ("places", {**PLACE, "lon": 200}, errors.BadField, ["200", "from -180 to 180"]),
        ("places", {**PLACE, "lon": None}, errors.MissingField, ["lon", "116.48"]),
        ("places", {**PLACE, "code": "a b"}, errors.BadField, ["without spaces"]),
        ("places", {**PLACE, "kind": "underpass", "code": "U1"}, errors.Twice, ["U1"]),
        ("places", {**PLACE, "attributes": 3}, errors.BadField, ["mapping"]),
        ("places", {**PLACE, "geometry": {"type": "Ball"}}, errors.BadGeometry, ["Ball"]),
        ("areas", {"code": "G-9", "level": "block"}, errors.BadField, ["district, street, grid"]),
        (
            "areas",
            {"code": "S-9", "level": "street", "name_zh": "九", "parent": "G-1"}
            | {"geometry": square(0, 0, 1)},
            errors.WrongLevel,
            ['"S-9"', '"G-1"'],
        ),
        ("duties", {"code": "R9", "role": "handler"}, errors.NobodyNamed, ["R9"]),
        (
            "duties",
            {"code": "R9", "role": "handler", "person": "P11"},
            errors.UnknownReference,
            ["P11", "nearest is: P1"],
        ),
        ("duties", {"code": "R9", "role": "h", "days": "mon-fry"}, errors.BadField, ["mon-fri"]),
        ("duties", {"code": "R9", "role": "h", "opens": "25:00"}, errors.BadField, ["08:30"]),
        ("people", {"code": "P9"}, errors.MissingField, ["name"]),
        ("people", {"code": "P9", "name": "x", "organisation": 77}, errors.UnknownReference, []),
        ("classes", {"code": "C", "severity": "huge"}, errors.BadField, ["critical"]),
        ("towers", {}, errors.UnknownNoun, ["towers", "places"]),
    ],
)
def test_what_is_refused(
    city: Caller, noun: str, raw: dict[str, Any], error: type[YiwangError], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        editing.add(city, noun, raw)
    for word in words:
        assert word in caught.value.message("en")
    assert "{" not in caught.value.message("zh-CN")
    assert caught.value.message("zh-CN") != caught.value.message("en")


def test_what_is_referred_to_stays(city: Caller) -> None:
    with pytest.raises(errors.InUse) as caught:
        editing.remove(city, "areas", service.number_of(city, "areas", "S-2"))
    assert "1 of the areas" in str(caught.value)
    with pytest.raises(errors.UnknownRecord):
        editing.remove(city, "areas", 999)
    with pytest.raises(errors.UnknownRecord):
        editing.change(city, "areas", 999, {})


def test_two_records_cannot_take_one_code(city: Caller) -> None:
    with pytest.raises(errors.Twice):
        editing.change(city, "people", service.number_of(city, "people", "P2"), {"code": "P1"})


def test_pages_by_keys_filters_and_text(city: Caller) -> None:
    first = editing.page(city, "places", None, "", 0, 2)
    rest = editing.page(city, "places", None, "", first[-1].id, 2)
    assert [item.code for item in first + rest] == ["U1", "U2", "U1"]
    assert len(editing.page(city, "places", {"kind": "car_park"})) == 1
    assert [item.code for item in editing.page(city, "organisations", None, "水务")] == [
        "WATER",
        "WATER-S1",
    ]
    assert [item.code for item in editing.page(city, "people", None, "p1")] == ["P1"]
    assert editing.get(city, "places", first[0].id) == first[0]
    assert editing.page(city, "people", None, "50%") == []
    assert editing.counts(city)["areas"] == 6
