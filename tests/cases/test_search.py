"""Cases are found by parts of what people wrote, alike on every database."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update

from tests.cases.conftest import City
from yiwang.cases import commonness, lists, narrowing, service, store, texts
from yiwang.cases.lists import Filter
from yiwang.cases.model import words
from yiwang.cases.tables import case_texts

VERSIONS = "yiwang.store.migrations.versions"
TEXTS = (
    "人民东路17号小区门口的井盖破损，请尽快处理。",
    "学校东侧路灯不亮 lamp post No. 17 broken",
    "Ｌａｍｐ ＰＯＳＴ flickers at Straße 3",
    "积水50%，约10cm_深 \\ \"quoted\" 'single'",
    "井 盖",
    "ОТКРЫТЫЙ люк",
    "𠮷野家门前积水",
    "คนเดินเท้า 3号楼",
)
ASKED = (
    *("井盖", "井", "盖", "破损，请", "路", "17", "7", "号小", "lamp", "LAMP POST", "amp", "st"),
    *("strasse", "straße", "50%", "%", "_深", "m_", "\\", '"quoted"', "'", "открытый", "ытый"),
    *(
        "𠮷",
        "野家",
        "积水",
        "3号",
        "号楼",
        "เดิน",
        "井盖路灯",
        "人民东路17号",
        "人民东路17",
        "人民东路1",
        "民东路17号小",
        "x",
        "pos",
        " ",
        "。",
        "，约",
        "ﬂick",
    ),
)

_signs = st.text(
    st.one_of(st.sampled_from("井盖路灯abAB12 -_.%ßﬁ１Ａ𠮷한か"), st.characters()), max_size=12
) | st.from_regex("[东路ab]{2,4}[0-9]{1,7}号?", fullmatch=True)


@given(_signs, _signs, _signs)
def test_a_text_has_the_pieces_of_each_of_its_parts(before: str, part: str, after: str) -> None:
    form = words.folded(before) + words.folded(part) + words.folded(after)
    pieces = words.pieces(form)
    whole, begun = words.wanted(words.folded(part))
    assert set(whole) <= set(pieces)
    assert all(any(one.startswith(start) for one in pieces) for start in begun)
    assert all(one.isalnum() for one in pieces)
    pieces += words.placed(form)
    for one in words.sought(words.folded(part))[0]:
        piece, begun, _ = one.partition("*")
        assert any(held.startswith(piece) for held in pieces) if begun else piece in pieces, one
    assert all(one.isalnum() for one in pieces)


@pytest.mark.parametrize(
    ("asked", "pieces", "whole"),
    [
        ("人民东路17号", ["民东路17", "人民"], True),
        ("人民东路17", ["民东路17*", "人民"], True),
        ("人民东路1", ["人民", "民东", "东路"], True),
        ("路17号", ["路", "17"], True),
        ("东路17", ["东路"], True),
        ("人民东路170号9栋", ["民东路170", "人民", "号", "9"], True),
        ("民东路1234567", ["民东路12345", "456", "567"], True),
        ("5", ["5*"], False),
    ],
)
def test_an_address_is_looked_up_by_its_number_and_what_stands_before_it(
    asked: str, pieces: list[str], whole: bool
) -> None:
    assert words.sought(asked) == (pieces, whole)


@given(_signs)
def test_stored_cases_were_indexed_as_new_ones_are(text: str) -> None:
    first: Any = import_module(f"{VERSIONS}.0024_case_texts")
    second: Any = import_module(f"{VERSIONS}.0073_numbers_with_their_places")
    assert first.pieces(words.folded(text)) == words.pieces(words.folded(text))
    assert second.placed(words.folded(text)) == words.placed(words.folded(text))


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        ({"人民 民东 东路": 40, "人民": 120, "东路": 460, "17": 100}, ["民东", "17"]),
        ({"人民 民东 东路": 40, "人民": 120, "东路": 460}, ["民东"]),
        ({"人民 民东 1": 6, "人民 民东": 34, "人民": 120, "1": 360}, ["民东", "1"]),
        ({"井盖 盖破": 1800}, ["井盖"]),
        ({"人民": 600, "火山": 0}, ["火山"]),
        ({"人民": 1, "民东": 0, "17": 0}, ["人民", "民东"]),
    ],
    ids=[
        "the number narrows what the road leaves",
        "nothing narrows what is always there",
        "a common number narrows more than the rest of a name",
        "one of two that are everywhere",
        "a rare piece alone",
        "what is seen nowhere",
    ],
)
def test_the_index_is_asked_for_what_narrows(parts: dict[str, int], asked: list[str]) -> None:
    texts_ = [held.split() for held, count in parts.items() for _ in range(count)]
    pieces = list(dict.fromkeys(" ".join(parts).split()))
    sample = words.sampled(texts_ + [[]] * (2000 - len(texts_)))
    assert words.narrowing(pieces, sample) == asked


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_common_is_looked_up_again_when_there_are_more_cases(
    city: City, reported: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commonness, "FEW", len(reported) + 1)
    monkeypatch.setattr(commonness, "SERVES", 2)

    def sizes(searches: int) -> list[int]:
        with city.database.read() as connection:
            samples = [commonness.sample(connection) for _ in range(searches)]
        return [one.size if one else 0 for one in samples]

    assert sizes(3) == [0, 0, 0]
    service.report(city.citizen, service.Report("F-01", "井盖破损", 116.9, 39.2))
    assert sizes(2) == [0, 9]
    service.report(city.citizen, service.Report("F-01", "井盖破损", 116.8, 39.2))
    assert sizes(2) == [9, 10]


@pytest.fixture
def reported(city: City) -> dict[int, str]:
    def report(text: str, place: int) -> int:
        given = service.Report("F-01", text, 116 + place / 50, 39.2, None, "")
        return service.report(city.citizen, given)

    return {report(text, place): text for place, text in enumerate(TEXTS)}


def _found(city: City, who: str, q: str) -> list[int]:
    items, _ = service.listing(getattr(city, who), Filter(q=q), 50, None, "en")
    return [one["no"] for one in items]


def _holding(reported: dict[int, str], q: str) -> list[int]:
    form = words.folded(q.strip())
    numbers = [no for no, text in reported.items() if form in words.folded(text)]
    return sorted({*numbers, *([int(q)] if q.isdigit() and int(q) in reported else [])})[::-1]


@pytest.mark.parametrize("common", [0, 20], ids=["walked", "by index"])
@pytest.mark.parametrize("most", [0, 1000])
def test_what_is_found_is_what_holds_the_text(
    city: City,
    reported: dict[int, str],
    monkeypatch: pytest.MonkeyPatch,
    common: int,
    most: int,
) -> None:
    monkeypatch.setattr(texts, "_COMMON", common)
    monkeypatch.setattr(texts, "MOST_CANDIDATES", most)
    monkeypatch.setattr(commonness, "FEW", common)
    for q in ASKED:
        assert _found(city, "citizen", q) == _holding(reported, q), q
        assert _found(city, "centre", q) == _holding(reported, q), q
        assert _found(city, "stranger", q) == [], q
    assert _found(city, "centre", "#3") == [3] == _found(city, "centre", " #3 ")
    assert _found(city, "centre", "#井盖") == []


def test_pages_of_a_search_go_on_where_the_last_one_ended(
    city: City, reported: dict[int, str]
) -> None:
    for q in ("路", "17", "井", "st"):
        found: list[int] = []
        after: tuple[int, ...] | None = None
        while True:
            items, _ = service.listing(city.centre, Filter(q=q), 1, after, "en")
            if not items:
                break
            found.append(items[0]["no"])
            after = (items[0]["no"],)
        assert found == _holding(reported, q), q


@pytest.mark.parametrize("first", [1, 200])
def test_what_is_narrowed_otherwise_too_is_found_whole(
    city: City, reported: dict[int, str], monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Of the newest with a text none, few or enough may be those of a list."""
    monkeypatch.setattr(lists, "_AT_FIRST", first)
    for no in (8, 5, 4):
        service.take(city.centre, no, "void", service.Given(reason="twice"))
    for q in ("1", "3", "路", "17", "lamp", "积水"):
        held = [no for no in _holding(reported, q) if no not in (8, 5, 4)]
        found: list[int] = []
        after: tuple[int, ...] | None = None
        for _ in held:
            wanted = Filter(q=q, kind="open")
            items, _ = service.listing(city.centre, wanted, 1, after, "en")
            found += [one["no"] for one in items]
            after = (found[-1],)
        assert found == held, q


def test_a_text_that_changes_is_found_as_it_is_now(city: City, reported: dict[int, str]) -> None:
    with city.database.write() as connection:
        before, after = store.get(connection, 1), store.get(connection, 1)
        assert before is not None and after is not None
        after.title, after.description, after.version = "新标题", "没有了", before.version + 1
        store.update_cases(connection, [(after, before.row())])
    assert _found(city, "centre", "新标") == [1] and 1 not in _found(city, "centre", "井盖")
    with city.database.write() as connection:
        connection.execute(case_texts.delete())
        assert not connection.execute(select(case_texts)).all()
    assert _found(city, "centre", "新标") == []


def _migrate(connection: Connection, revision: str) -> None:
    change = Operations(MigrationContext.configure(connection))
    with Operations.context(change.migration_context):
        import_module(f"{VERSIONS}.{revision}").upgrade()


def test_cases_that_were_stored_before_are_found_by_their_addresses(
    city: City, reported: dict[int, str]
) -> None:
    stored = select(case_texts.c.case, case_texts.c.words, case_texts.c.pieces)
    with city.database.write() as connection:
        rows = connection.execute(stored.order_by(case_texts.c.case)).all()
        for no, form, _ in rows:
            before = update(case_texts).where(case_texts.c.case == no)
            connection.execute(before.values(pieces=words.pieces(form)))
    assert _found(city, "centre", "人民东路17号") == []
    with city.database.write() as connection:
        _migrate(connection, "0073_numbers_with_their_places")
        assert connection.execute(stored.order_by(case_texts.c.case)).all() == rows
    assert _found(city, "centre", "人民东路17号") == [1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_index_has_few_parts(city: City) -> None:
    with city.database.write() as connection:
        _migrate(connection, "0074_fewer_parts_of_the_index")
    for place in range(12):
        service.report(city.citizen, service.Report("F-01", "井盖", 116 + place / 50, 39.2))
    with city.database.read() as connection:
        parts = connection.scalar(text("SELECT count(DISTINCT segid) FROM case_words_idx"))
    assert parts == 5  # of eight one, and four more


@pytest.mark.parametrize("many", [0, narrowing.MOST_NEAR])
def test_cases_in_a_box(
    city: City, reported: dict[int, str], monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(narrowing, "MOST_NEAR", many)

    def inside(who: str, *box: float, **more: Any) -> list[int]:
        wanted = Filter(box=box, **more)  # type: ignore[arg-type]
        return [one["no"] for one in service.listing(getattr(city, who), wanted, 50, None, "en")[0]]

    assert inside("centre", 116.01, 39.1, 116.05, 39.3) == [3, 2]
    assert inside("centre", 116.02, 39.2, 116.02, 39.2, kind="open") == [2]
    assert inside("centre", 116.01, 39.1, 116.05, 39.3, kind="done") == []
    assert inside("stranger", 116, 39, 117, 40) == []
    assert len(inside("citizen", 116, 39, 117, 40)) == len(TEXTS)
