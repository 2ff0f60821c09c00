"""Search of the catalogue over HTTP with 100,000 resources in force, which are made up: names,
items and summaries are put together from lists of words.

    python -m bench.catalogue [--resources 100000] [--seconds 5] [--wires 1 2 4]

Reports how long the index takes to make, its memory, and p50, p95 and p99 of searches by words,
pinyin, initials, with typos, with filters and page after page, all mixed, with some numbers of
clients (``wires``): of questions that nobody has asked before, and of 300 that are asked again and
again. They begin when the platform is at rest: the first tick of a city whose catalogue is
filled makes the reports of the last month and year. Budget: p99 50 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.running import Running, call, processor_s, token, up
from bench.wire import request, round_of
from sqlalchemy import insert

from yiwang.app import Platform
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.registry import editing
from yiwang.sharing.catalogue import classes
from yiwang.sharing.catalogue.search.words import initials, pinyin
from yiwang.sharing.catalogue.tables import share_items, share_resource_steps, share_resources


def _words(text: str) -> list[str]:
    return text.split(",")


_WHERE = _words("全市,本区,各街道,各社区,园区,城区,农村,重点区域,沿河,沿街")
_WHAT = _words(
    "下穿通道,企业登记,居民健康,空气质量,道路泊位,公交线路,地下管线,建设项目,用水用户,排污单位,"
    "学校学籍,社保参保,不动产,婚姻登记,低保对象,残疾人证,食品经营,药品零售,特种设备,消防设施,"
    "河道断面,水库大坝,森林防火,农田地块,畜禽养殖,旅游景区,文物保护,银行网点,信用评价,行政处罚"
)
_KIND = _words("基本信息,监测数据,名录,台账,小时值,年度统计,审批结果,检查记录,空间位置,变更记录")
_ITEMS = _words(
    "编号,名称,地址,经度,纬度,联系人,联系电话,身份证号,统一社会信用代码,法定代表人,登记日期,"
    "有效期至,状态,类型,面积,数量,金额,单位,水位,浓度,采样时间,监测点,负责人,备注,行政区划代码"
)
_DEPARTMENTS = 60
_ROUNDS = 20
"""Of questions that are asked once: some 5,000."""


def fill(platform: Platform, count: int) -> None:
    """Departments, and resources in force with ten items each."""
    caller, chance = platform.caller("bench"), random.Random(5)
    units = [
        editing.add(
            caller,
            "organisations",
            {"code": f"D{number}", "kind": "department", "name_zh": f"第{number}局"},
        ).id
        for number in range(_DEPARTMENTS)
    ]
    narrow = [code for code in classes.of_the_guide() if len(code) > 1]
    now = platform.clock.now()
    for start in range(1, count + 1, 5000):
        ids = range(start, min(start + 5000, count + 1))
        with platform.database.write() as connection:
            rows = [_resource(id, chance, units, narrow, now) for id in ids]
            connection.execute(insert(share_resources), rows)
            connection.execute(
                insert(share_items), [one for id in ids for one in _items(id, chance)]
            )
            steps = [{"resource": id, "version": 1, "step": "publish"} for id in ids]
            said = {"at": now, "actor": "bench", "text": ""}
            connection.execute(insert(share_resource_steps), [one | said for one in steps])


def _resource(
    id: int, chance: random.Random, units: Sequence[int], narrow: Sequence[str], now: int
) -> dict[str, Any]:
    what, kind = chance.choice(_WHAT), chance.choice(_KIND)
    name = f"{chance.choice(_WHERE)}{what}{chance.choice(_WHAT)}{kind}"
    class_code = chance.choice(narrow)
    return {
        "id": id,
        "code": f"{class_code}/{id:06}",
        "name": name,
        "class_code": class_code,
        "organisation": chance.choice(units),
        "provider_code": "",
        "summary": f"{name}，由{chance.choice(_WHERE)}{kind}汇总，用于{chance.choice(_WHAT)}管理。",
        "format": "database",
        "share_type": chance.choice(("unconditional", "conditional", "none")),
        "share_condition": "",
        "share_basis": "",
        "share_mode": chance.choice(("api", "table", "file")),
        "open_type": chance.choice(("none", "none", "unconditional")),
        "open_condition": "",
        "update_cycle": chance.choice(("daily", "monthly", "yearly")),
        "keywords": [what, chance.choice(_WHAT)],
        "related": [],
        "state": "published",
        "pending": "",
        "version": 1,
        "revision": 1,
        "made_at": now,
        "changed_at": now,
        "published_at": now,
    }


def _items(id: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(chance.sample(_ITEMS, 10)):
        yield {
            "resource": id,
            "place": place,
            "name": name,
            "column": pinyin(name),
            "type": "C",
            "label": "",
            "grade": "",
            "key": place == 0,
            "shared": True,
            "opened": place % 2 == 0,
            "text": "",
        }


def _queries(rounds: int = 1) -> list[str]:
    """What is searched: words, two words, pinyin, initials, typos, with filters, nothing. Every
    question once; later rounds ask for two words, and for one of a department."""
    chance = random.Random(7)
    found = []
    for turn in range(rounds):
        for what in _WHAT:
            kind, item = chance.choice(_KIND), chance.choice(_ITEMS)
            also = f" {chance.choice(_WHAT)[:2]}" if turn else ""
            place = chance.randrange(len(what)) if turn else 0
            typo = what[:place] + chr(ord(what[place]) + 1) + what[place + 1 :] + kind
            read = pinyin(what)
            wrong = read[:place] + read[place + 1 :]
            texts = (what + also, f"{what} {kind}", item + also, read + also)
            texts = (*texts, initials(what).split()[0] + also, typo, wrong + also, also)
            found += [f"q={quote(text.strip())}" for text in texts]
            unit = f"organisation={chance.randint(1, _DEPARTMENTS)}"
            narrow = f"&{unit}" if turn else ""
            found.append(f"q={quote(kind)}&share_type=conditional&class_code=2{narrow}")
            found.append(f"q={quote(what + also)}&{unit}&limit=100")
    return list(dict.fromkeys(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--resources", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--wires", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder) / "home", given.resources, given.seconds, given.wires)
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if given.out:
        given.out.write_text(text + "\n")
    print(text)


def _first(running: Running, path: str, bearer: str) -> Any:
    """The first answer, which waits for the index."""
    while True:
        with contextlib.suppress(TimeoutError):
            return call(running, path, bearer)


def _rest(running: Running, longest: int = 180) -> float:
    """Wait until the server uses less than a fifth of a processor; the processor seconds that it
    used until then."""
    began = before = processor_s(running.process.pid)
    for _ in range(longest):
        time.sleep(1)
        now = processor_s(running.process.pid)
        if now - before < 0.2:
            return now - began
        before = now
    raise RuntimeError("the platform did not come to rest")


def measured(home: Path, resources: int, seconds: float, wires: Sequence[int]) -> dict[str, Any]:
    with Platform(Settings(home=home), SystemClock()) as platform:
        platform.first_administrator()
        fill(platform, resources)
    with up(home) as running:
        bearer, path = token(home), "/api/sharing/resources/search"
        before = running.resident_mb()
        began = time.perf_counter()
        total = _first(running, path, bearer)["total"]
        built = time.perf_counter() - began
        rested = _rest(running)
        headers = {"Authorization": f"Bearer {bearer}"}
        page = call(running, f"{path}?limit=50", bearer)["next"]
        often = [*_queries(), *[f"limit=50&after={page}"] * 30]
        once = _queries(_ROUNDS)[len(_queries()) :]
        for queries in (often, once):
            random.Random(9).shuffle(queries)
        found: dict[str, Any] = {
            "resources": total,
            "index_made_s": round(built, 1),
            "until_rest_processor_s": round(rested, 1),
            "resident_mb_before": round(before),
            "rounds": [],
        }
        start = 0
        for count in wires:
            for name in ("asked once", "asked often"):
                queries = often if name == "asked often" else once[start:]
                said = _round(running, queries, path, headers, count, seconds)
                found["rounds"].append({"wires": count, "questions": name} | said)
                start += said["asked"] if name == "asked once" else 0
        return found | {"resident_mb_after": round(running.resident_mb())}


def _round(
    running: Running,
    queries: Sequence[str],
    path: str,
    headers: dict[str, str],
    wires: int,
    seconds: float,
) -> dict[str, Any]:
    """``wires`` clients ask one question after the other: none of a client's is another's."""

    def asking(wire: int) -> Iterator[bytes]:
        while True:
            for query in queries[wire::wires]:
                yield request(running.url, "GET", f"{path[1:]}?{query}", headers)

    before_s = processor_s(running.process.pid)
    timings = round_of(running.url, asking, wires, seconds)
    used = processor_s(running.process.pid) - before_s
    return {
        "asked": len(timings.taken_s),
        "a_second": round(timings.rate),
        "processor_ms": round(used / len(timings.taken_s) * 1000, 1),
        "load": round(os.getloadavg()[0], 1),
        "failed": len(timings.failures),
        **{f"p{percent}_ms": round(timings.ms(percent), 1) for percent in (50, 95, 99)},
    }


if __name__ == "__main__":
    main()
