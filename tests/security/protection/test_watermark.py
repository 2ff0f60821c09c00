"""Watermarks against everything that happens to a copy on its way out."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from click.testing import CliRunner

from tests import identifiers as made
from yiwang.cli import main
from yiwang.kernel.clock import ManualClock
from yiwang.security.actions import Caller, Context
from yiwang.security.errors import Denied
from yiwang.security.model import system
from yiwang.security.protection import extracts, leaks, watermark
from yiwang.security.protection.city import Protection
from yiwang.security.protection.errors import BadExtract, BadMark, NotTraceable
from yiwang.security.protection.watermark import Mark, bound, marked, named, scores
from yiwang.store.database import Database

SECRET, RECEIVERS, MOST = b"s" * 32, 1000, 1e-6
GUILTY = 617
MARKS = (
    Mark("area", ("id",), unit=0.01),
    Mark("income", ("id",), unit=1),
    Mark("registered", ("name", "phone"), unit=1),
    Mark("address", ("id",), spellings=("（", "(")),
)


def table(rows: int = 600) -> pa.Table:
    chance = Random(1)
    return pa.table(
        {
            "id": [made.resident_id(chance) for _ in range(rows)],
            "name": [made.name(chance) for _ in range(rows)],
            "phone": [made.mobile(chance) for _ in range(rows)],
            "area": [round(chance.uniform(20, 200), 2) for _ in range(rows)],
            "income": pa.array([chance.randrange(0, 30_000) for _ in range(rows)]),
            "registered": [
                date(2001, 1, 1) + timedelta(chance.randrange(9000)) for _ in range(rows)
            ],
            "address": [f"{made.address(chance)}（{one}）" for one in range(rows)],
        }
    )


ORIGINAL = table()
COPY = marked(ORIGINAL, MARKS, SECRET, GUILTY)


def as_csv(copy: pa.Table) -> pa.Table:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(copy.column_names)
    lines.writerows(zip(*(copy[name].to_pylist() for name in copy.column_names), strict=True))
    return extracts.read("leak.csv", out.getvalue().encode("gb18030"))


def as_excel(copy: pa.Table) -> pa.Table:
    """As people paste it: digits become numbers of 15 places, dates become dates."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(copy.column_names)
    for row in zip(*(copy[name].to_pylist() for name in copy.column_names), strict=True):
        sheet.append([_number(one) for one in row])
    out = io.BytesIO()
    book.save(out)
    return extracts.read("leak.xlsx", out.getvalue())


def _number(value: Any) -> Any:
    if not (isinstance(value, str) and value.isdigit()):
        return value
    return float(value[:15].ljust(len(value), "0"))


def sampled(copy: pa.Table, share: float) -> pa.Table:
    return copy.take(Random(3).sample(range(copy.num_rows), int(copy.num_rows * share)))


def noisy(copy: pa.Table) -> pa.Table:
    """Every other income replaced by chance."""
    values = copy["income"].to_pylist()
    changed = [
        Random(one).randrange(30_000) if place % 2 else one for place, one in enumerate(values)
    ]
    return copy.set_column(copy.column_names.index("income"), "income", pa.array(changed))


ATTACKS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "nothing": lambda copy: copy,
    "sorted": lambda copy: copy.sort_by([("income", "descending")]),
    "a tenth of the rows": lambda copy: sampled(copy, 0.1),
    "columns dropped": lambda copy: copy.select(["income", "id"]),
    "key of some marks dropped": lambda copy: copy.drop_columns(["id"]),
    "CSV": as_csv,
    "Excel": as_excel,
    "doubled rows": lambda copy: pa.concat_tables([copy, copy]),
    "half of the incomes changed": noisy,
    "all at once": lambda copy: as_excel(
        as_csv(sampled(copy, 0.1).sort_by("area").select(["area", "id", "income"]))
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_copy_names_its_receiver_among_a_thousand(attack: str) -> None:
    found = scores(ATTACKS[attack](COPY), MARKS, SECRET, RECEIVERS)
    assert [one.number for one in named(found, MOST)] == [GUILTY]


def test_what_was_never_given_out_names_nobody() -> None:
    """Whatever the data is: unmarked, all equal, or another city's copy; over many keys."""
    foreign = marked(ORIGINAL, MARKS, b"t" * 32, 3)
    equal = ORIGINAL.set_column(4, "income", pa.array([1000] * ORIGINAL.num_rows))
    for copy in (ORIGINAL, foreign, equal, ORIGINAL.slice(0, 3), ORIGINAL.slice(0, 0)):
        assert named(scores(copy, MARKS, SECRET, RECEIVERS), MOST) == []
    best = [
        scores(ORIGINAL.slice(0, 60), MARKS[:1], bytes([key]) * 32, 100)[0].bound
        for key in range(100)
    ]
    assert sum(one <= 0.1 for one in best) <= 10 and min(best) > MOST


def test_the_bound_is_above_the_true_chance() -> None:
    rng = np.random.default_rng(1)
    heads = rng.binomial(40, 0.5, 20_000)
    for fitting in (24, 28, 32):
        assert bound(fitting, 40, 1) >= (heads >= fitting).mean()
    assert bound(40, 40, 1000) == pytest.approx(1000 * 2.0**-40)
    assert bound(20, 40, 1) == bound(0, 0, 5) == 1.0


def test_two_who_put_their_copies_together_are_both_named() -> None:
    other = marked(ORIGINAL, MARKS, SECRET, 12)
    mixed = pa.concat_tables([COPY.slice(0, 300), other.slice(300)])
    assert {one.number for one in named(scores(mixed, MARKS, SECRET, RECEIVERS), MOST)} == {12, 617}


def test_marks_change_no_more_than_they_may() -> None:
    area, copied = (np.array(one["area"].to_pylist()) for one in (ORIGINAL, COPY))
    assert np.abs(area - copied).max() < 0.0100001 and (area != copied).mean() > 0.4
    income = np.array(COPY["income"].to_pylist())
    assert np.abs(np.array(ORIGINAL["income"].to_pylist()) - income).max() == 1
    assert income.min() >= 0 and COPY.schema == ORIGINAL.schema
    assert COPY["id"] == ORIGINAL["id"]
    tenth = (Mark("income", ("id",), unit=1, share=0.1),)
    few = marked(ORIGINAL, tenth, SECRET, GUILTY)
    assert (
        0
        < sum(np.array(few["income"].to_pylist()) != np.array(ORIGINAL["income"].to_pylist()))
        < 60
    )
    assert [one.number for one in named(scores(few, tenth, SECRET, RECEIVERS), MOST)] == [GUILTY]
    gaps = pa.table({"id": ["1", "2"], "n": pa.array([None, 5], pa.int32())})
    assert marked(gaps, (Mark("n", ("id",), unit=1),), SECRET, 0)["n"].to_pylist()[0] is None


def test_money_is_moved_exactly() -> None:
    kind = pa.decimal128(38, 4)
    keys = [f"K{one}" for one in range(200)]
    money = pa.array([Decimal(one * 12345678901) / 100 for one in range(-100, 100)], kind)
    plain = pa.table({"id": keys, "money": money})
    mark = (Mark("money", ("id",), unit=0.01),)
    copy = marked(plain, mark, SECRET, GUILTY)
    moved = {
        abs(one - other)
        for one, other in zip(money.to_pylist(), copy["money"].to_pylist(), strict=True)
    }
    assert moved == {Decimal(0), Decimal("0.01")} and copy.schema == plain.schema
    assert [one.number for one in named(scores(copy, mark, SECRET, RECEIVERS), MOST)] == [GUILTY]
    assert leaks.fault(plain.schema, mark[0], {"id"}) is None
    too_fine = Mark("money", ("id",), unit=0.00001)
    assert leaks.fault(plain.schema, too_fine, {"id"}) == ("money", "unit")


def test_extracts_are_read_as_people_send_them() -> None:
    assert extracts.read("a.txt", "甲\t乙\n1\t\n".encode())["乙"].to_pylist() == [None]
    for name, content in (("a.csv", b""), ("a.xlsx", b"no"), ("a.csv", b"\xff\xfe\x00\x81")):
        with pytest.raises(BadExtract):
            extracts.read(name, content)


def test_copies_are_numbered_given_out_and_traced(
    database: Database, clock: ManualClock, tmp_path: Path, caller_for: Callable[..., Caller]
) -> None:
    by = Caller(system("test"), database, clock, {Protection: Protection(tmp_path)})
    small = ORIGINAL.slice(0, 200)
    copies = {}
    for receiver in ("tax", "civil affairs", "tax", "police"):
        with database.write() as connection:
            ctx = Context(by, connection)
            copies[receiver] = leaks.given(ctx, small, "resource:7", receiver, MARKS)
    with database.write() as connection:
        again = leaks.given(Context(by, connection), small, "resource:7", "tax", MARKS)
        leaks.given(Context(by, connection), small, "resource:8", "tax", MARKS[:1])
    assert again == copies["tax"] != copies["police"]
    for resource in ("resource:7", ""):
        trace = leaks.trace_leak(by, as_csv(copies["police"]), resource)
        assert [one.receiver for one in trace.found] == ["police"]
        assert trace.found[0].bound < 1e-9 and trace.cells > 700
    leaks.record_trace(by, "resource:7", "leak.csv", trace)
    assert leaks.trace_leak(by, as_csv(small), "").found == []
    with pytest.raises(NotTraceable):
        leaks.trace_leak(by, small, "resource:9")
    with pytest.raises(NotTraceable, match="income"):
        leaks.trace_leak(by, small.select(["name"]), "resource:7")
    with pytest.raises(Denied):
        leaks.trace_leak(caller_for("data_steward"), small, "")


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        (Mark("nobody", ("id",), unit=1), "missing"),
        (Mark("income", (), unit=1), "key"),
        (Mark("income", ("income",), unit=1), "key"),
        (Mark("income", ("id",), unit=0.5), "unit"),
        (Mark("income", ("id",)), "unit"),
        (Mark("name", ("id",), unit=1), "unit"),
        (Mark("income", ("id",), unit=1, share=0), "share"),
        (Mark("address", ("id",), spellings=("路", "路口")), "spellings"),
    ],
)
def test_marks_that_cannot_be_are_refused(mark: Mark, why: str) -> None:
    with pytest.raises(BadMark) as refused:
        leaks._check(ORIGINAL.schema, [mark])
    assert refused.value.fields["why"] == why


def test_the_command_traces_a_file(tmp_path: Path, sqlite_template: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "yiwang.db")
    run = CliRunner().invoke
    given, file = tmp_path / "given.csv", tmp_path / "leak.csv"
    rows = zip(ORIGINAL["id"].to_pylist(), ORIGINAL["income"].to_pylist(), strict=True)
    given.write_text("编号,收入\n" + "\n".join(f"{key},{income}" for key, income in rows))
    giving = ["watermark", "give", str(given), str(file), "--home", str(home), "--receiver", "tax"]
    giving += ["--resource", "resource:7", "--key", "编号", "--mark", "收入:1"]
    assert run(main, giving).exit_code == 0
    file.write_text(file.read_text(encoding="utf-8-sig").replace("收入", "income"))
    command = ["watermark", "trace", str(file), "--home", str(home), "--resource", "resource:7"]
    done = run(main, [*command, "--column", "income=收入"])
    assert done.exit_code == 0 and "tax" in done.output, done.output
    assert run(main, command).exit_code == 1
    assert watermark.canonical("00123.0") == "123"
