"""Matching made-up people: how long it takes, and how well it does.

    python -m bench.libraries [--people 20000]

All people are made up, as are their mistakes: names drawn from 100 surnames as uneven as real ones
and 400 signs, families at one address, twins, 8 % moved, 3 % of names mistyped by a sign of the
same sound and 1 % by another, 2 % of birthdays wrong, half of the second source without identity
numbers and 1 % of these with a wrong check digit. The figures say how the declaration of people
does on these; on a city's own data somebody has to count again.

Reports processor time a record of an import into an empty library, of a second one that changes
nothing, and of publishing; and pairs of records that are of one person: joined, proposed, missed,
and joined wrongly.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import select

from yiwang.kernel.clock import SystemClock
from yiwang.kernel.identifiers import checks
from yiwang.registry import editing
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.security.protection import resealing
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.catalogue import service as catalogue
from yiwang.sharing.catalogue.model import Entry, Item
from yiwang.sharing.catalogue.search import words
from yiwang.sharing.catalogue.search.service import Search
from yiwang.sharing.libraries import publishing, runtime, service, spec
from yiwang.sharing.libraries.service import Given
from yiwang.sharing.libraries.tables import share_library_links, share_library_records
from yiwang.sharing.libraries.vault import RECORDS
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Column
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database
from yiwang.store.migrate import migrate

FIELDS = ("resident_id", "name", "born", "mobile", "address")
_PER_THOUSAND = (72, 72, 68, 53, 45, 31, 25, 23, 20, 19, 17, 16, 15, 14, 13, 12, 11, 10, 10, 10)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_STREETS = ("解放", "人民", "中山", "建设", "和平", "新华", "文化", "胜利", "育才", "滨河")


class Crowd:
    """People, and what two departments have of them."""

    def __init__(self, people: int) -> None:
        self._chance = Random(7)
        self._signs = [chr(sign) for sign in range(0x4E00, 0x9FA5)]
        readings: dict[str, list[str]] = defaultdict(list)
        for sign in self._signs:
            reading = words.pinyin(sign)
            if reading.isascii():
                readings[reading].append(sign)
        self._same = readings
        common = self._chance.sample([one for each in readings.values() for one in each], 400)
        self._given = common
        weights = [*_PER_THOUSAND, *([4] * len(_SURNAMES))][: len(_SURNAMES)]
        self._weights = weights
        self.police: list[dict[str, Any]] = []
        self.health: list[dict[str, Any]] = []
        while len(self.police) < people:
            self._family()
        for place, one in enumerate(self.police[:people]):
            if self._chance.random() < 0.8:
                self.health.append(self._seen(place, one))

    def _family(self) -> None:
        address = self._address()
        twins = self._chance.random() < 0.01
        born = self._birthday()
        [surname] = self._chance.choices(_SURNAMES, self._weights)
        for _ in range(self._chance.choice((1, 2, 3, 4))):
            born = born if twins else self._birthday()
            body = f"440106{born:%Y%m%d}{self._chance.randrange(1000):03d}"
            given = "".join(self._chance.choices(self._given, k=self._chance.choice((1, 2, 2, 2))))
            self.police.append(
                {
                    "id": f"p{len(self.police)}",
                    "resident_id": body + checks.mod_11_2(body),
                    "name": surname + given,
                    "born": born,
                    "mobile": f"13{self._chance.randrange(10**9):09d}",
                    "address": address,
                }
            )

    def _birthday(self) -> date:
        return date(1940, 1, 1) + timedelta(days=self._chance.randrange(28_000))

    def _address(self) -> str:
        chance = self._chance
        street, house = chance.choice(_STREETS), chance.randrange(1, 400)
        return f"{street}路{house}号{chance.randrange(1, 30)}栋{chance.randrange(101, 2999)}室"

    def _seen(self, place: int, one: dict[str, Any]) -> dict[str, Any]:
        """The same person in the second department, with its mistakes."""
        chance, seen = self._chance, dict(one) | {"id": f"h{place}"}
        if chance.random() < 0.5:
            seen["resident_id"] = None
        elif chance.random() < 0.01:
            seen["resident_id"] = one["resident_id"][:17] + chance.choice("0123456789")
        if chance.random() < 0.08:
            seen["address"] = self._address()
        elif chance.random() < 0.5:
            seen["address"] = "江州市东区" + one["address"].replace("栋", "号楼").rstrip("室")
        if chance.random() < 0.15:
            seen["mobile"] = f"13{chance.randrange(10**9):09d}"
        if chance.random() < 0.03:
            last = one["name"][-1]
            seen["name"] = one["name"][:-1] + chance.choice(self._same[words.pinyin(last)])
        elif chance.random() < 0.01:
            seen["name"] = one["name"][:-1] + chance.choice(self._given)
        if chance.random() < 0.02:
            seen["born"] = self._birthday()
        return seen


def _opened(folder: Path) -> Caller:
    database = Database(f"sqlite:///{folder / 'yiwang.db'}")
    migrate(database)
    keys, zone = FieldKeys(folder), ZoneInfo("Asia/Shanghai")
    ports: dict[type, Any] = {
        Blobs: Blobs(folder / "blobs"),
        Search: Search(),
        Datasets: Datasets(f"sqlite:///{folder / 'datasets.db'}", zone, keys),
        Protection: Protection(folder),
        FieldKeys: keys,
    }
    return Caller(system("bench"), database, SystemClock(), ports)


def _resource(caller: Caller, name: str, rows: list[dict[str, Any]]) -> str:
    raw = {"code": name, "kind": "department", "name_zh": name, "name_en": name}
    organisation = editing.add(caller, "organisations", raw).id
    datasets = caller.ports[Datasets]
    columns = [Column(one, "D" if one == "born" else "C") for one in ("id", *FIELDS)]
    datasets.create(name, columns, ["id"])
    datasets.replace(name, [pa.RecordBatch.from_pylist(rows)])
    entry = Entry(
        name=name,
        class_code="209",
        organisation=organisation,
        provider_code="11310000MB2F30135U",
        summary="made up",
        share_condition="made up",
        open_type="none",
        update_cycle="daily",
        keywords=("made up",),
        items=(Item(name="id", column="id", type="C", length=20, key=True),),
        dataset=name,
    )
    number = catalogue.add(caller, entry)
    catalogue.submit(caller, number)
    catalogue.publish(caller, number)
    with caller.database.read() as connection:
        return str(catalogue.store.resource(connection, number).code)


def _took(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


def _pairs(caller: Caller) -> dict[str, Any]:
    """Pairs of records of one person, by what became of them."""
    persons: dict[int, int] = {}
    entities: dict[int, list[int]] = defaultdict(list)
    with caller.database.read() as connection:
        keys = FieldKeys
        for row in connection.execute(select(share_library_records)):
            sealed = caller.ports[keys].open(row.sealed, resealing.place(RECORDS, row.id))
            persons[row.id] = int(json.loads(sealed)["key"][0][1:])
            entities[row.entity].append(row.id)
        held = share_library_links
        shown = select(held.c.one, held.c.other).where(held.c.state == "proposed")
        proposed = [(row.one, row.other) for row in connection.execute(shown)]
    true = sum(count * (count - 1) // 2 for count in Counter(persons.values()).values())
    joined = [
        persons[one] == persons[other]
        for members in entities.values()
        for place, one in enumerate(members)
        for other in members[:place]
    ]
    right = sum(persons[one] == persons[other] for one, other in proposed)
    return {
        "pairs_of_one_person": true,
        "joined": sum(joined),
        "joined_wrongly": len(joined) - sum(joined),
        "precision": round(sum(joined) / len(joined), 5) if joined else None,
        "recall": round(sum(joined) / true, 4),
        "proposed": len(proposed),
        "proposed_rightly": right,
        "recall_with_proposals": round((sum(joined) + right) / true, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    asked = parser.parse_args()
    crowd = Crowd(asked.people)
    with tempfile.TemporaryDirectory() as folder:
        caller = _opened(Path(folder))
        service.put_library(caller, "people", spec.template("person"))
        for name, rows, rank in (("police", crowd.police, 10), ("health", crowd.health, 20)):
            code = _resource(caller, name, rows)
            given = Given(code, {one: one for one in FIELDS}, rank)
            service.put_feed(caller, "people", name, given)
        records = len(crowd.police) + len(crowd.health)
        import_ = _took(lambda: list(_import(caller)))
        publish = _took(lambda: publishing.publish(caller, "people"))
        for name in ("police", "health"):
            service.run_feed(caller, "people", name)
        again = _took(lambda: list(_import(caller)))
        found: dict[str, Any] = {"made_up_people": asked.people, "records": records}
        found["import_ms_a_record"] = round(import_ / records * 1000, 3)
        found["again_ms_a_record"] = round(again / records * 1000, 3)
        found["publish_ms_a_record"] = round(publish / records * 1000, 3)
        found |= _pairs(caller)
        found["database_mb"] = (Path(folder) / "yiwang.db").stat().st_size >> 20
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found, ensure_ascii=False, indent=1))


def _import(caller: Caller) -> Iterator[None]:
    """The feeds that are due, without publishing."""
    while runtime.import_due(caller) is not None:
        yield


if __name__ == "__main__":
    main()
