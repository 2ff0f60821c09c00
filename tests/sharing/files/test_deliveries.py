"""Files that are made for one receiver: exactly the grant's rows, encrypted so that nobody else
opens them, marked so that a leak names them."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sharing.files.conftest import Desk
from tests.sharing.files.test_files import _entries
from yiwang.kernel.clock import HOUR
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied
from yiwang.sharing.catalogue.model import Item
from yiwang.sharing.files import (
    deliveries,
    encryption,
    extracts,
    formats,
    keys,
    order_store,
    orders,
)
from yiwang.sharing.files.errors import BadFileKey, NotInASheet
from yiwang.sharing.files.making import Maker
from yiwang.sharing.gateway import reading
from yiwang.sharing.gateway.model import Question
from yiwang.sharing.grants import service as grants
from yiwang.sharing.grants.model import Row, Terms

ROWS = [
    {"station": "S1", "name": "东门桥下", "phone": "138****8001"},
    {"station": "S2", "name": "西门桥下", "phone": "138****8002"},
]
TERMS = Terms(
    fields=("station", "name", "phone"),
    rows=(Row("station", "in", ["S1", "S2"]),),
    modes=("file", "api"),
)


def _table(desk: Desk, terms: Terms = TERMS, items: tuple[Item, ...] = ()) -> int:
    """A table of the water office that the parking office may have as files."""
    labelled = tuple(
        msgspec.structs.replace(one, label="mobile") if one.column == "phone" else one
        for one in desk.city.entry().items
    )
    free = {"share_type": "unconditional", "share_condition": ""}
    held = desk.city.published(
        name="水位表", dataset="water_levels", items=items or labelled, **free
    )
    grants.ask(desk.city.user, held.id, "停车场预警", terms)
    return held.id


def _key(folder: Path) -> tuple[Path, str]:
    """A key pair as a receiver makes it."""
    file = folder / "key.txt"
    subprocess.run(["age-keygen", "-o", str(file)], check=True, capture_output=True)
    return file, file.read_text().split("public key: ")[1].splitlines()[0]


def _opened(key: Path, sealed: bytes) -> bytes:
    command = ["age", "--decrypt", "-i", str(key)]
    return subprocess.run(command, input=sealed, check=True, capture_output=True).stdout


def test_an_extract_holds_what_the_gateway_gives_in_every_format(both: Desk) -> None:
    resource = _table(both)
    given = reading.rows(both.city.user, resource, Question()).answer["items"]
    assert given == ROWS
    made = both.made(resource=resource, format="csv")
    assert (made["state"], made["rows"], made["name"]) == ("ready", 2, "水位表-2026-07-01.csv")
    found = both.content(made)
    assert found.content.startswith(b"\xef\xbb\xbf") and found.headers["etag"] == (
        f'"{made["sha256"]}"'
    )
    assert list(csv.DictReader(io.StringIO(found.content.decode("utf-8-sig")))) == ROWS
    part = both.content(made, range="bytes=3-9", if_range=found.headers["etag"])
    assert (part.status_code, part.content) == (206, b"station")
    rows = both.content(both.made(resource=resource, format="parquet")).content
    assert pq.read_table(io.BytesIO(rows)).to_pylist() == ROWS
    sheet = both.content(both.made(resource=resource, format="xlsx")).content
    page = openpyxl.load_workbook(io.BytesIO(sheet)).worksheets[0]
    assert [one.value for one in page[1]] == ["站点编号", "站点名称", "值班人员电话"]
    assert [one.value for one in page[2]] == list(ROWS[0].values())
    logged = _entries(both, "file_made")
    assert [one["format"] for one in logged] == ["csv", "parquet", "xlsx"]
    assert (logged[0]["fields"], logged[0]["rows"]) == (["station", "name", "phone"], 2)
    assert logged[0]["sha256"] == made["sha256"] == _entries(both, "file_given")[0]["sha256"]
    listed = both.ask("user", "GET", "/api/sharing/files/deliveries").json()["items"]
    assert [one["resource_name"] for one in listed] == ["水位表"] * 3


def test_only_the_receivers_key_opens_what_is_for_it(both: Desk, tmp_path: Path) -> None:
    both.grant()
    version = both.upload("水位.bin", b"secret" * 30_000)
    assert both.order(version=version).json()["type"] == "sharing.files.no_key"
    file, public = _key(tmp_path)
    registered = both.ask(
        "user", "POST", "/api/sharing/files/keys", json={"name": "业务系统", "recipient": public}
    )
    assert registered.status_code == 201
    made = both.made(version=version)
    assert made["state"] == "ready" and made["name"] == "水位.bin.age"
    sealed = both.content(made).content
    assert b"secret" not in sealed and sealed.startswith(b"age-encryption.org/v1\n")
    assert _opened(file, sealed) == b"secret" * 30_000
    (tmp_path / "other").mkdir()
    other, _ = _key(tmp_path / "other")
    with pytest.raises(subprocess.CalledProcessError):
        _opened(other, sealed)
    extract = both.made(resource=_table(both), encrypted=True)
    assert _opened(file, both.content(extract).content).decode("utf-8-sig").startswith("station")
    assert [one.name for one in both.shelf.made.iterdir() if one.is_dir()] == []
    logged = _entries(both, "file_made")
    assert {one["keys"][0] for one in logged} == {encryption.fingerprint(public)}
    assert [one["version"] for one in logged] == [version, None]


def test_keys_are_public_and_ones_own(desk: Desk, tmp_path: Path) -> None:
    file, public = _key(tmp_path)
    secret = file.read_text().splitlines()[-1]
    add = "/api/sharing/files/keys"
    found = desk.ask("user", "POST", add, json={"name": "k", "recipient": secret})
    assert found.status_code == 400 and "private" in found.json()["title"]
    assert secret not in found.text
    for wrong in ("", "age1xyz", "ssh-ed25519 AAAA", public + "x", "a" * 3000):
        with pytest.raises(BadFileKey):
            encryption.recipient(wrong)
    kind = (Encoding.OpenSSH, PublicFormat.OpenSSH)
    ssh = Ed25519PrivateKey.generate().public_key().public_bytes(*kind).decode() + " me@office\n"
    assert encryption.recipient(ssh) == " ".join(ssh.split()[:2])
    mine = desk.ask("user", "POST", add, json={"name": "k", "recipient": ssh}).json()["id"]
    path = f"{add}/{mine}"
    assert desk.ask("stranger", "DELETE", path).status_code == 404
    assert desk.ask("stranger", "GET", add).json()["items"] == []
    version, _ = desk.upload("a.bin", b"abc"), desk.grant()
    stranger = keys.add(desk.city.stranger, "s", public)
    assert desk.order(version=version, to=[stranger]).status_code == 404, "not one's own"
    waiting = desk.order(version=version, to=[mine]).json()["id"]
    assert desk.ask("user", "DELETE", path).status_code == 204
    keys_left = keys.listing(desk.city.user)
    desk.maker.settle()
    ended = deliveries.show(desk.city.user, waiting)
    assert keys_left == [] and (ended["state"], ended["why"]) == (
        "failed",
        "sharing.files.no_such_key",
    )


def test_deliveries_are_their_receivers_alone_and_end(desk: Desk) -> None:
    resource = _table(desk)
    made = desk.made(resource=resource)
    assert desk.content(made, "stranger").status_code == 404
    assert desk.content(made, "steward").status_code == 404, "the provider's it is not"
    assert (
        desk.ask("stranger", "GET", f"/api/sharing/files/deliveries/{made['id']}").status_code
        == 404
    )
    for wrong, status in (
        ({}, 400),
        ({"resource": resource, "version": 1}, 400),
        ({"resource": resource, "format": "exe"}, 400),
        ({"resource": 999}, 404),
        ({"version": 999}, 404),
        ({"resource": desk.resource.id}, 403),
    ):
        assert desk.order(**wrong).status_code == status, wrong
    with desk.city.database.read() as connection:
        grant = order_store.delivery(connection, made["id"])
    assert grant is not None and deliveries.open_delivery(desk.city.user, made["id"]).size
    waiting = desk.order(resource=resource).json()["id"]
    grants.end(desk.city.steward, grant.grant, "不再需要")
    assert desk.content(made, range="bytes=1-2").status_code == 403, "revoked"
    assert desk.content({"id": waiting}).status_code == 409
    desk.maker.settle()
    assert deliveries.show(desk.city.user, waiting)["why"] == "sharing.gateway.no_grant"
    path = deliveries.path(desk.shelf, made["id"])
    assert path.exists() and deliveries.sweep(desk.city.platform) == 0
    desk.city.clock.advance(73 * HOUR)
    assert desk.content(made).status_code == 409, "over, if not cleared yet"
    assert deliveries.sweep(desk.city.platform) == 1 and not path.exists()
    assert deliveries.show(desk.city.user, made["id"])["state"] == "gone"


def test_who_may_not_use_data_may_do_nothing_with_files(desk: Desk) -> None:
    city = desk.city
    calls: list[tuple[Any, Caller, tuple[Any, ...]]] = [
        (deliveries.order_extract, city.auditor, (1, "csv")),
        (deliveries.order_sealed, city.auditor, (1,)),
        (keys.add, city.citizen, ("k", "age1")),
        (deliveries.let_go, city.steward, ([1],)),
        (extracts.plan_extract, city.user, (1,)),
        (extracts.read_page, city.user, (1, None)),
    ]
    for action, caller, args in calls:
        with pytest.raises(Denied):
            action(caller, *args)


def test_rows_count_against_the_day_and_a_failure_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = _table(desk, msgspec.structs.replace(TERMS, per_day=5))
    assert desk.made(resource=resource)["state"] == "ready"
    assert desk.made(resource=resource)["state"] == "ready"
    late = desk.made(resource=resource)
    assert (late["state"], late["why"]) == ("failed", "sharing.gateway.too_many_calls")
    desk.city.clock.advance(24 * HOUR)
    with monkeypatch.context() as patch:
        patch.setattr("yiwang.sharing.files.making.KEPT_FREE", 1 << 62)
        assert desk.made(resource=resource)["why"] == "store.disk_full"
    desk.city.clock.advance(24 * HOUR)
    died = desk.order(resource=resource).json()["id"]
    rows = deliveries.work(desk.shelf, died) / "plain"
    rows.parent.mkdir()
    rows.write_text("S1,13800138001")
    assert [getattr(deliveries.take_up(desk.city.platform), "id", 0) for _ in range(4)] == [
        *(died, died, died, 0)
    ]
    assert deliveries.show(desk.city.user, died)["state"] == "failed", "died of three times"
    assert not rows.parent.exists(), "what it wrote goes with it"
    again = desk.order(resource=resource).json()["id"]
    deliveries.take_up(desk.city.platform)
    desk.maker.settle()
    assert deliveries.show(desk.city.user, again)["state"] == "ready", "taken up after a crash"
    assert not [one for one in desk.shelf.made.iterdir() if one.is_dir()]


def test_several_are_made_at_once_and_none_of_them_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers are inside at the same time: one for each department, whoever asked first."""
    resource, city = _table(desk), desk.city
    grants.ask(city.stranger, resource, "卫生防疫", TERMS)
    own = [desk.order(resource=resource).json()["id"] for _ in range(3)]
    others = [desk.order("stranger", resource=resource).json()["id"] for _ in range(2)]
    both, made, plain = Barrier(2), [], Maker._made

    def slowly(maker: Maker, held: orders.Delivery, work: Path) -> tuple[Path, orders.Made]:
        made.append((held.id, held.organisation))
        if len(made) <= 2:
            both.wait(60)
        return plain(maker, held, work)

    monkeypatch.setattr(Maker, "_made", slowly)
    with ThreadPoolExecutor(4) as threads:
        for worker in [threads.submit(desk.maker.settle) for _ in range(4)]:
            worker.result()
    desk.maker.settle()
    assert {organisation for _, organisation in made[:2]} == {city.parks, city.health}
    assert sorted(id for id, _ in made) == own + others
    states = {one["state"] for one in deliveries.listing(city.user, None, 10)}
    assert states == {"ready"}


def test_what_is_being_made_when_the_platform_stops_is_made_after_its_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = desk.order(resource=_table(desk)).json()["id"]
    begun, pages = Event(), extracts.pages

    def slowly(caller: Caller, plan: extracts.Plan) -> Iterator[pa.Table]:
        begun.set()
        assert desk.maker._stop.wait(60)
        yield from pages(caller, plan)

    with monkeypatch.context() as patch:
        patch.setattr(extracts, "pages", slowly)
        desk.maker.look()
        assert begun.wait(60)
        desk.maker.stop()
    assert deliveries.show(desk.city.user, waiting)["state"] == "making"
    Maker(desk.city.platform).settle()
    assert deliveries.show(desk.city.user, waiting)["state"] == "ready"


def test_the_next_one_is_of_the_department_that_has_the_fewest() -> None:
    def waits(id: int, organisation: int) -> orders.Delivery:
        values: dict[str, Any] = dict.fromkeys(orders.Delivery.__struct_fields__)
        return orders.Delivery(**values | {"id": id, "organisation": organisation})

    queue = [waits(1, 7), waits(2, 7), waits(3, 7), waits(4, 8)]
    for busy, most, wanted in (
        ({}, 1, 1),
        ({1: 7}, 1, None),
        ({1: 7}, 2, 4),
        ({1: 7, 4: 8}, 2, None),
        ({1: 7, 4: 8}, 3, 2),
        ({4: 8}, 3, 1),
        ({1: 7, 2: 7}, 3, 4),
        ({1: 7, 4: 8, 2: 7}, 4, 3),
    ):
        found = orders.chosen(queue, busy, most)
        assert (found and found.id) == wanted, (busy, most)
    assert orders.chosen(queue[:3], {1: 7}, 2) is None, "a place is left to others"


def test_pages_join_to_the_whole_and_values_keep_their_types(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracts, "ROWS", 1)
    made = desk.made(resource=_table(desk, Terms(fields=("station", "level"), modes=("file",))))
    assert desk.content(made).content.decode("utf-8-sig").splitlines() == [
        "station,level",
        "S1,12",
        "S2,31.5",
        "S3,",
    ]


def test_an_entry_of_the_log_stays_within_its_bounds() -> None:
    assert orders.listed(("水位", "站点")) == ("水位", "站点")
    assert orders.listed(tuple(f"信息项{one}" for one in range(2000))) == 2000
    assert orders.name_of('a/b:"c" .', "2026-07-01", "csv", True) == "a_b__c_-2026-07-01.csv.age"


def test_a_sheet_holds_no_formula_and_no_more_than_it_can(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("text", pa.string()),
            ("day", pa.date32()),
            ("money", pa.decimal128(38, 4)),
            ("n", pa.int64()),
        ]
    )
    row: dict[str, Any] = {
        "text": "=1+1",
        "day": date(2026, 7, 1),
        "money": Decimal("1.5"),
        "n": 10**17,
    }
    table = pa.Table.from_pylist([row, {"text": "a\x01b"}], schema)
    file = tmp_path / "a.xlsx"
    sheet = formats.Sheet(file, schema, schema.names)
    sheet.write(table)
    sheet.close()
    page = openpyxl.load_workbook(file).worksheets[0]
    assert [one.data_type for one in page[2]] == ["s", "d", "n", "s"]
    assert (page["A2"].value, page["D2"].value) == ("=1+1", str(10**17))
    long = pa.Table.from_pylist([{"text": "x" * 40_000}], schema)
    longer = formats.Sheet(file, schema, schema.names)
    with pytest.raises(NotInASheet):
        longer.write(long)
    longer.close()
