"""The catalogue is found by words, pinyin and initials, with typos, facets and pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import pinyin

from tests.sharing.conftest import ITEMS, Browser, City
from yiwang.registry import editing
from yiwang.sharing.catalogue import classes, service
from yiwang.sharing.catalogue.http import routes
from yiwang.sharing.catalogue.model import Item
from yiwang.sharing.catalogue.search import segment, typos, words
from yiwang.sharing.catalogue.search.index import Found, Index
from yiwang.sharing.catalogue.search.kept import Kept
from yiwang.sharing.catalogue.search.segment import Document
from yiwang.sharing.catalogue.search.service import find, refresh

NAMES = {
    1: ("下穿通道水位", "防汛 积水", "站点编号 station 水位 water_level"),
    2: ("企业登记信息", "法人 工商", "统一社会信用代码 uscc 企业名称 name"),
    3: ("银行网点名录", "金融", "网点名称 name 行长姓名 head"),
    4: ("居民健康档案", "卫生 健康", "身份证号 id_card 姓名 name"),
    5: ("重庆路泊位", "停车", "泊位编号 berth"),
    6: ("空气质量小时值", "环保 大气", "PM2.5浓度 pm25 采样时间 sampled_at"),
    7: ("积水点位", "道路", "点位编号 point 经度 lon 纬度 lat"),
}


def _document(id: int, name: str, keywords: str = "", items: str = "", **facets: str) -> Document:
    known = {"organisation": "1", "class_code": "209", "share_type": "conditional"}
    known |= {"share_mode": "api", "open_type": "none", "update_cycle": "daily"}
    values = tuple((known | facets)[each] for each in segment.FACETS)
    return Document(id, 1, f"209/{id:06}", name, keywords, items, f"209/{id:06}", values)


@pytest.fixture(scope="module")
def index() -> Index:
    made = Index()
    made.rebuild([_document(id, *said) for id, said in NAMES.items()])
    return made


def _search(index: Index, text: str, after: int | None = None, **filters: list[str]) -> Found:
    return index.search(text, filters, 10, after)


@pytest.mark.parametrize(
    ("text", "found", "exact"),
    [
        ("水位", [1], True),
        ("积水", [7, 1], True),  # in the name before in the keywords
        ("水位 防汛", [1], True),
        ("身份证", [4], True),
        ("water_level", [1], True),
        ("WATER", [1], True),
        ("shuiwei", [1], True),
        ("jiankang", [4], True),
        ("yinhang", [3], True),  # 行 is xing and hang
        ("chongqing", [5], True),  # 重 is zhong and chong
        ("qydj", [2], True),
        ("企业dengji", [2], True),
        ("209/000004", [4], True),
        ("209", [7, 5, 1, 2, 3, 4, 6], True),
        ("水味", [1], False),  # the same sound, another sign
        ("shuwei", [1], False),
        ("jiangkang dangan", [4], False),
        ("居民建康档案", [4], False),
        ("空汽质量", [6], False),
        ("企业注册登记信息", [2], False),
        ("身分证", [4], False),  # in an item
        ("水平", [], False),
        ("火山", [], False),
        ("x", [7, 6, 5, 4, 3, 2, 1], True),
        ("", [7, 6, 5, 4, 3, 2, 1], True),
    ],
)
def test_what_is_meant_is_found(index: Index, text: str, found: list[int], exact: bool) -> None:
    result = _search(index, text)
    assert (result.ids, result.total, result.exact) == (found, len(found), exact)


def test_facets_count_what_a_choice_would_find() -> None:
    index = Index()
    given = [("unconditional", "101"), ("conditional", "101"), ("conditional", "209")]
    index.rebuild(
        [
            _document(id, "水位", share_type=share, class_code=code)
            for id, (share, code) in enumerate(given, 1)
        ]
    )
    found = _search(index, "水位", share_type=["conditional"])
    assert found.ids == [2, 3]
    assert found.facets["share_type"] == {"unconditional": 1, "conditional": 2}
    assert found.facets["class_code"] == {"101": 1, "209": 1}
    assert _search(index, "", class_code=["1"]).ids == [2, 1], "with the classes below"
    assert _search(index, "", class_code=["101", "209"], share_type=["none"]).ids == []


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from(["水位", "雨量站", "水文站点", ""])),
        max_size=60,
    ),
    st.sampled_from(["", "水位", "shui", "站"]),
    st.integers(1, 7),
)
def test_changes_one_by_one_are_as_all_at_once(
    changes: list[tuple[int, str]], text: str, limit: int
) -> None:
    """Whatever comes, changes and goes, pages together are one list without gaps or repeats."""
    index, held = Index(), {}
    for revision, (id, name) in enumerate(changes):
        assert index.search(text, {}, limit).total <= len(held), "and what is found now is kept"
        if name:
            held[id] = _document(id, name)._replace(revision=revision)
            index.change([held[id]])
        else:
            held.pop(id, None)
            index.change([], [id])
    whole = Index()
    whole.rebuild([held[id] for id in sorted(held)])
    wanted = whole.search(text, {}, 1000)
    paged: list[int] = []
    after = None
    while part := index.search(text, {}, limit, after):
        if not part.ids:
            break
        paged += part.ids
        after = part.keys[-1]
    assert paged == wanted.ids and len(index) == len(held)
    assert index.search(text, {}, 1).facets == wanted.facets


def test_many_changes_make_segments_and_tidying_makes_few() -> None:
    index = Index()
    for start in range(0, 3000, 100):
        index.change([_document(id, f"水位{id}") for id in range(start + 1, start + 101)])
    assert _search(index, "水位2999").ids == [2999] and len(index) == 3000
    for revision in range(2, 5):
        changed = [_document(id, "雨量")._replace(revision=revision) for id in range(1, 3001)]
        index.change(changed)
    assert index.scattered
    index.rebuild([_document(1, "雨量")])
    assert not index.scattered and _search(index, "雨量").ids == [1]


def test_readings_are_those_of_the_library() -> None:
    assert pinyin.FILE.read_text(encoding="utf-8") == pinyin.table(), "run: tools/pinyin.py"
    assert Path(words.__file__).with_name("readings.json") == pinyin.FILE
    assert words.pinyin("积水 abc") == "jishui abc"


def test_distances_are_those_of_the_nearest_part() -> None:
    texts = ["xiachuantongdaoshuiwei", "jishuidianwei", "", "shuwei"]
    away, _ = typos.distances("shuwei", typos.grid(texts), 6)
    assert away.tolist() == [1, 2, 6, 0]
    assert [typos.allowed(term) for term in ("水位", "下水道", "shui", "abc")] == [0, 1, 1, 0]


@settings(max_examples=50)
@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=8))
def test_distances_are_as_if_every_part_were_compared(term: str, text: str) -> None:
    def away(one: str, other: str) -> int:
        row = list(range(len(other) + 1))
        for place, sign in enumerate(one, 1):
            before, row[0] = row[0], place
            for at, against in enumerate(other, 1):
                change = before + (sign != against)
                before, row[at] = row[at], min(change, row[at] + 1, row[at - 1] + 1)
        return row[-1]

    parts = [text[start:end] for end in range(len(text) + 1) for start in range(end + 1)]
    found = typos.distances(term, typos.grid([text]), len(term))[0][0]
    assert found == min(away(term, part) for part in parts)


@settings(max_examples=50)
@given(st.data())
def test_distances_of_long_texts_are_those_sign_by_sign(data: st.DataObject) -> None:
    term = data.draw(st.text("ab水\U0001f600", min_size=8, max_size=64))
    signs = st.text("ab水\U0001f600 ", max_size=typos.LONGEST)
    cut = st.integers(0, len(term))
    part = st.builds(lambda start, end: term[start:end], cut, cut)
    texts = data.draw(st.lists(st.builds("{}{}{}".format, signs, part, signs), max_size=3))
    most = data.draw(cut)
    grid = typos.grid(texts)
    away, ends = typos.distances(term, grid, most)
    near = away <= most
    rightly, there = typos._by_signs(term, grid)
    assert np.array_equal(near, rightly <= most)
    assert np.array_equal(away[near], rightly[near]) and np.array_equal(ends[near], there[near])


def test_what_is_kept_is_bounded_and_the_latest_asked_for() -> None:
    kept: Kept[int, str] = Kept(16)
    for key in range(9):
        kept.put(key, "x", 2)
        assert kept.get(0) == "x"
    assert [key for key in range(9) if kept.get(key)] == [0, 2, 3, 4, 5, 6, 7, 8]
    kept.put(0, "larger than an eighth", 3)
    kept.put(5, "anew", 1)
    assert (kept.get(0), kept.get(5)) == ("x", "anew")


def test_terms_are_runs_of_one_script() -> None:
    assert words.terms("水wei，Ｐｍ２.５ 水") == ["水", "wei", "pm2"]
    assert words.terms("长" * 99) == ["长" * 32]
    assert words.terms("，。!") == []


def _other_names(city: City) -> None:
    unit = {"code": "WATER", "kind": "department", "name_zh": "水利局", "name_en": "Water Office"}
    editing.change(city.platform, "organisations", city.water, unit)
    classes.put(city.bureau, "209", "市政", "Works")


def test_search_over_http_sees_what_is_in_force(city: City) -> None:
    http = Browser(city, routes())
    opened = city.published(dataset="water")
    city.published(name="水库水位", class_code="101", open_type="none", items=ITEMS[3:])
    draft = service.add(city.steward, city.entry(name="水位草稿"))
    path = "/api/sharing/resources/search"

    def asked(who: str, query: str, lang: str = "zh-CN") -> Any:
        answer = http(who, "GET", f"{path}?{query}", lang=lang)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = asked("user", "q=shuiwei")
    assert [one["name"] for one in found["items"]] == ["水库水位", "下穿通道水位"]
    assert found["facets"]["class_code"] == [
        {"value": "1", "title": "基础信息资源", "count": 1},
        {"value": "101", "title": "人口", "count": 1},
        {"value": "2", "title": "主题信息资源", "count": 1},
        {"value": "209", "title": "城乡建设", "count": 1},
    ]
    assert found["facets"]["organisation"][0]["title"] == "水务局"
    assert asked("user", "q=电话")["items"][0]["hits"] == ["值班人员电话"]
    first = asked("user", "q=水位&limit=1")
    second = asked("user", f"q=水位&limit=1&after={first['next']}")
    assert [one["name"] for one in second["items"]] == ["下穿通道水位"]
    assert asked("anonymous", "q=水位")["total"] == 1
    assert asked("anonymous", "q=电话")["total"] == 0, "what is not opened is not told"
    assert asked("user", "class_code=1&q=水位")["total"] == 1
    _other_names(city)
    found = asked("user", "q=shuiwei")
    assert {one["organisation_name"] for one in found["items"]} == {"水利局"}
    assert found["facets"]["organisation"][0]["title"] == "水利局"
    assert [one["class_path"][-1] for one in found["items"]] == ["人口", "市政"]
    assert asked("user", "q=shuiwei", "en")["items"][1]["class_path"][-1] == "Works"

    service.submit(city.steward, draft)
    service.publish(city.bureau, draft)
    service.revise(city.steward, opened.id)
    changed = city.entry(
        name="通道积水深度", summary="深度", items=(Item(name="深度", column="d", opened=True),)
    )
    assert [one["pending"] for one in asked("user", "q=shuiwei")["items"]] == ["", "", "draft"]
    service.change(city.steward, opened.id, changed)
    assert asked("user", "q=积水深度")["total"] == 0, "a draft is not in force"
    service.submit(city.steward, opened.id)
    service.publish(city.bureau, opened.id)
    assert [one["id"] for one in asked("user", "q=积水深度")["items"]] == [opened.id]
    assert {one["id"] for one in asked("user", "q=水位")["items"]} == {opened.id + 1, draft}
    service.retire(city.bureau, draft, "不再采集")
    assert asked("user", "q=水位草稿")["total"] == 0
    refresh(city.platform)
    assert find(city.user, "shuiku", {}, 5, None, "en")["total"] == 1
    assert http("user", "GET", f"{path}?after=x").status_code == 400
