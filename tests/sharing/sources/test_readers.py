"""Every kind of source: its tables, their shape, and their rows in batches."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, table

from tests import mariadb, postgres
from yiwang.sharing.sources.errors import (
    BadCondition,
    ForbiddenPlace,
    NoSuchColumn,
    NoSuchTable,
    SourceUnreachable,
    UnreadableFile,
)
from yiwang.sharing.sources.model import Condition, Order, Source
from yiwang.sharing.sources.opening import Sources, check_address
from yiwang.sharing.sources.reading import Reader
from yiwang.sharing.sources.vault import Vault

TABLE = {
    "postgresql": """CREATE TABLE "Residents %s" (
        area varchar(10) NOT NULL, no bigint NOT NULL, name varchar(20), paid numeric(10,2),
        rate float8, born date, seen timestamptz, moved timestamp, alive boolean, note text,
        picture bytea, mixed jsonb, exact numeric, PRIMARY KEY (area, no))""",
    "mysql": """CREATE TABLE `Residents %s` (
        area varchar(10) NOT NULL, no bigint NOT NULL, name varchar(20) COMMENT '姓名',
        paid decimal(10,2), rate double, born date, moved datetime(6), alive tinyint(1), note text,
        picture blob, PRIMARY KEY (area, no))""",
    "sqlite": """CREATE TABLE "Residents %s" (
        area varchar(10) NOT NULL, no integer NOT NULL, name varchar(20), paid numeric(10,2),
        rate double, born date, moved datetime, alive boolean, note text, picture blob,
        PRIMARY KEY (area, no))""",
}
NAMES = ("area", "no", "name", "paid", "rate", "born", "moved", "alive", "note", "picture")
ROWS = [
    ("东", 1, "王伟", "10.50", 0.5, "1990-01-02", "2026-07-01 08:00:00", True, "", b"\0\xff"),
    ("东", 2, None, None, None, None, None, None, None, None),
    ("西", 1, 'a,"b"\n%s', "-3", 1e300, "2000-02-29", "2026-07-01 00:00:00", False, "50%", b""),
]


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, mariadb_port: int, worker_id: str
) -> dict[str, Source]:
    """The same table in a database of each kind."""
    name = f"department_{worker_id}"
    postgres.fresh(postgres_url, name)
    mariadb.fresh(mariadb_port, name)
    file = tmp_path_factory.mktemp("department") / "department.db"
    import_sqlite(file)
    server = {"host": "127.0.0.1", "database": name, "user": "yiwang"}
    port = int(postgres_url.rpartition(":")[2])
    found = {
        "postgresql": Source(1, "pg", "", 1, "postgresql", {**server, "port": port}),
        "mysql": Source(2, "my", "", 1, "mysql", {**server, "port": mariadb_port}, True),
        "sqlite": Source(3, "lite", "", 1, "sqlite", {"path": str(file)}),
    }
    opener = sources()
    for kind, source in found.items():
        fill(opener, kind, source)
    return found


def sources() -> Sources:
    vault = Vault()
    vault.put("my", mariadb.PASSWORD)
    return Sources(vault)


def import_sqlite(file: Path) -> None:
    file.touch()


def fill(opener: Sources, kind: str, source: Source) -> None:
    engine = opener.engine(source)
    quote = engine.dialect.identifier_preparer.quote
    mark = "?" if kind == "sqlite" else "%s"
    name = quote("Residents %s").replace("%%", "%")
    with engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        cursor.execute(TABLE[kind])
        marks = ", ".join([mark] * len(NAMES))
        table = name if kind == "sqlite" else name.replace("%", "%%")
        cursor.executemany(f"INSERT INTO {table} ({', '.join(NAMES)}) VALUES ({marks})", ROWS)
        cursor.close()
    engine.dispose()


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def reader(request: pytest.FixtureRequest, databases: dict[str, Source]) -> Iterator[Reader]:
    opened = sources().open(databases[request.param])
    yield opened
    opened.close()


def test_the_shape_of_a_table_of_a_database(reader: Reader) -> None:
    assert reader.tables() == ["Residents %s"]
    shape = reader.shape("Residents %s")
    types = {one.name: one.type for one in shape.columns}
    alive = "N" if types["alive"] == "N" else "L"
    wanted = ["C", "N", "C", "N", "N", "D", "T", alive, "M", "G"]
    assert [types[name] for name in NAMES] == wanted
    assert shape.key == ("area", "no")
    paid, name = shape.column("paid"), shape.column("name")
    assert (paid.length, paid.scale, name.length, name.required) == (10, 2, 20, False)
    assert shape.column("area").required
    assert shape.samples["area"] == ("东", "西")
    with pytest.raises(NoSuchTable):
        reader.shape('x"; DROP TABLE y')


def rows(reader: Reader, **asked: Any) -> list[tuple[Any, ...]]:
    batches = list(reader.batches("Residents %s", **asked))
    assert all(one.num_rows <= asked.get("size", 10_000) for one in batches)
    return [tuple(row.values()) for one in batches for row in one.to_pylist()]


def test_the_rows_of_a_database(reader: Reader) -> None:
    found = rows(reader, columns=NAMES, order=[Order("area"), Order("no")], size=2)
    assert [row[:3] for row in found] == [row[:3] for row in ROWS]
    first = found[0]
    assert Decimal(first[3]) == Decimal("10.5") and float(first[4]) == 0.5
    assert str(first[5]) == "1990-01-02" and str(first[6])[:19] == "2026-07-01 08:00:00"
    assert first[9] == b"\0\xff" and found[1][3:] == (None,) * 7 and found[0][8] == ""
    key = {"columns": ["area", "no"], "order": [Order("area"), Order("no")]}
    assert rows(reader, **key, after=["东", 1]) == [("东", 2), ("西", 1)]
    down = {"columns": ["no"], "order": [Order("no", True), Order("area", True)]}
    assert rows(reader, **down, after=[1, "西"]) == [(1,)]
    nothing_first = {"columns": ["no"], "order": [Order("paid"), Order("no")]}
    assert rows(reader, **nothing_first)[0] == (2,)
    where = [Condition("born", ">=", "1990-01-02"), Condition("name", "contains", "%s")]
    assert rows(reader, columns=["no", "area"], where=where) == [(1, "西")]
    with pytest.raises(NoSuchColumn):
        rows(reader, columns=["no; DROP TABLE y"])
    with pytest.raises(BadCondition):
        rows(reader, where=[Condition("no", "=", "1 OR 1=1")])


def test_a_source_is_opened_for_reading_only(databases: dict[str, Source]) -> None:
    for source in databases.values():
        reader: Any = sources().open(source)
        with (
            reader.engine.connect() as connection,
            pytest.raises(Exception, match=r"(?i)read.?only"),
        ):
            connection.execute(delete(table("Residents %s")))
        reader.close()


def test_what_a_driver_cannot_make_a_value_of_comes_as_text(
    postgres_url: str, worker_id: str, databases: Any
) -> None:
    with psycopg.connect(f"{postgres_url}/department_{worker_id}", autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE odd (id int PRIMARY KEY, d date, t timestamptz, n numeric)"
        )
        connection.execute("INSERT INTO odd VALUES (1, 'infinity', '-infinity', 'NaN')")
        connection.execute(
            "INSERT INTO odd VALUES (2, '20000-01-01', now(), 12345678901234567890.5)"
        )
    reader = sources().open(databases["postgresql"])
    found = [row for one in reader.batches("odd", order=[Order("id")]) for row in one.to_pylist()]
    assert (found[0]["d"], found[0]["n"]) == ("infinity", "NaN")
    assert (found[1]["d"], found[1]["n"]) == ("20000-01-01", "12345678901234567890.5")
    reader.close()
    with psycopg.connect(f"{postgres_url}/department_{worker_id}", autocommit=True) as connection:
        connection.execute("DROP TABLE odd")


def test_a_server_that_does_not_answer_is_told_without_its_password() -> None:
    vault = Vault()
    vault.put("x", "very secret")
    options = {"host": "127.0.0.1", "port": 9, "database": "d", "user": "u"}
    for kind in ("postgresql", "mysql"):
        reader = Sources(vault).open(Source(1, "x", "", 1, kind, options, True))
        with pytest.raises(SourceUnreachable) as raised:
            reader.tables()
        assert "very secret" not in f"{raised.value}{raised.value.fields}"


def test_files_of_every_kind(tmp_path: Path) -> None:
    head = "编号,金额,日期,备注\n"
    (tmp_path / "a.csv").write_text(
        head + '001,"1,5",2026-07-01,\n002,2,2026/7/2,"x\ny"\n', "utf-8-sig"
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.tsv").write_bytes("编号\t名\n1\t王伟\n".encode("gb18030"))
    book = openpyxl.Workbook()
    book.active.append(["编号", "时间", None])
    book.active.append([1, datetime(2026, 7, 1, 8), None])
    book.create_sheet("二").append(["x"])
    book.save(tmp_path / "c.xlsx")
    pq.write_table(pa.table({"n": [1, None], "d": [date(2026, 7, 1)] * 2}), tmp_path / "d.parquet")
    (tmp_path / "note.docx").write_text("")
    (tmp_path / "out.csv").symlink_to("/etc/passwd")
    reader = Sources(Vault()).open(Source(1, "f", "", 1, "files", {"path": str(tmp_path)}))
    assert reader.tables() == ["a.csv", "c.xlsx", "d.parquet", "sub/b.tsv"]
    kinds = {one.name: one.type for one in reader.shape("a.csv").columns}
    assert kinds == {"编号": "C", "金额": "C", "日期": "D", "备注": "C"}
    found = [row for one in reader.batches("a.csv", size=1) for row in one.to_pylist()]
    assert [row["备注"] for row in found] == [None, "x\ny"]
    narrowed = reader.batches("a.csv", ["编号"], [Condition("日期", ">", "2026-07-01")])
    assert [one.to_pylist() for one in narrowed] == [[{"编号": "002"}]]
    assert next(reader.batches("sub/b.tsv")).to_pylist() == [{"编号": "1", "名": "王伟"}]
    assert next(reader.batches("c.xlsx")).to_pylist() == [
        {"编号": "1", "时间": "2026-07-01 08:00:00"}
    ]
    assert reader.shape("c.xlsx#二").columns[0].name == "x"
    assert reader.shape("d.parquet").rows == 2
    for name in ("out.csv", "../x.csv", "/etc/passwd"):
        with pytest.raises((ForbiddenPlace, NoSuchTable)):
            reader.shape(name)


def test_a_row_of_a_file_with_another_number_of_fields_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3\n\n4,5,6\n7,8\n")
    reader = Sources(Vault()).open(Source(1, "f", "", 1, "files", {"path": str(tmp_path)}))
    told: list[Any] = []
    found = list(reader.batches("a.csv", refused=lambda *one: told.append(one)))
    assert [row["a"] for one in found for row in one.to_pylist()] == ["1", "7"]
    assert told == [(2, "3", "columns"), (4, "4|5|6", "columns")]
    with pytest.raises(UnreadableFile):
        list(reader.batches("a.csv"))


class _Api(BaseHTTPRequestHandler):
    """Five records in pages of two, for who shows the key."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        first = int(asked.get("cursor", ["0"])[0])
        records = [{"id": n, "tags": ["x"]} for n in range(first, min(first + 2, 5))]
        body = json.dumps({"data": {"rows": records, "next": first + 2 if first + 2 < 5 else None}})
        self.send_response(200 if self.headers["x-key"] == "k" else 403)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        return


def test_an_api_page_by_page() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    vault = Vault()
    vault.put("api", "k")
    options = {
        "url": f"http://127.0.0.1:{server.server_port}",
        "tables": {"people": "/people"},
        "items": "data.rows",
        "paging": "cursor",
        "page_param": "cursor",
        "next_field": "data.next",
        "auth": "header:x-key",
    }
    reader = Sources(vault).open(Source(1, "api", "", 1, "http", options, True))
    assert reader.shape("people").column("id").type == "N"
    batches = list(reader.batches("people", size=3))
    assert [one.num_rows for one in batches] == [3, 2]
    assert batches[0].to_pylist()[0] == {"id": "0", "tags": '["x"]'}
    wrong = Sources(vault).open(Source(1, "api", "", 1, "http", options, False))
    with pytest.raises(SourceUnreachable):
        wrong.shape("people")
    reader.close()
    wrong.close()
    server.shutdown()
    server.server_close()


def test_no_source_leads_to_where_clouds_keep_their_keys_or_into_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "incoming").mkdir(parents=True)
    (home / "yiwang.db").touch()
    opener = Sources(Vault(), home)
    bad: list[tuple[str, dict[str, Any]]] = [
        ("http", {"url": "http://169.254.169.254/latest"}),
        ("http", {"url": "http://[fe80::1]/"}),
        ("sqlite", {"path": str(home / "yiwang.db")}),
        ("files", {"path": str(home / "keys" / "..")}),
        ("files", {"path": str(tmp_path)}),
        ("postgresql", {"host": "/var/run", "database": "d", "user": "u"}),
    ]
    for kind, options in bad:
        with pytest.raises(ForbiddenPlace):
            opener.checked(kind, options)
    with pytest.raises(ForbiddenPlace):
        check_address("0.0.0.0", 80)
    assert opener.checked("files", {"path": str(home / "incoming")})
