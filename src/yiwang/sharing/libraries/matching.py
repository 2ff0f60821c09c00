"""Records find the entity that they are of, whatever has changed: the same records, links and
rulings always come to the same groups. An entity has the number of its first record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from sqlalchemy import Row

from yiwang.sharing.libraries import clustering, comparing, pairs, store
from yiwang.sharing.libraries.clustering import Grouping, Link
from yiwang.sharing.libraries.desk import Desk
from yiwang.sharing.libraries.model import Record
from yiwang.sharing.libraries.pairs import Pair, ordered

MOST_BLOCK = 100
"""Records that share a block and are still compared with one another by it."""
MOST_EVIDENCE = 10
_CROWDED = 0
"""In the place of a record: its key is shared by too many to tell anything."""


@dataclass
class Around:
    """Records that hang together, with their links and rulings."""

    ids: set[int] = field(default_factory=set)
    links: dict[Pair, Row[Any]] = field(default_factory=dict)
    rulings: dict[Pair, bool] = field(default_factory=dict)


def match(desk: Desk, fresh: Collection[int], then: Mapping[int, Collection[int]]) -> None:
    """Link and group records that are new, or say something else. ``then``: for those that were
    matched before, the keys that they had."""
    link(desk, fresh, then)
    regroup(desk, fresh)


def link(desk: Desk, fresh: Collection[int], then: Mapping[int, Collection[int]]) -> None:
    """Put records under their keys, and compare them with those that share a block."""
    met = _met(desk, desk.records(fresh), then)
    pairs.drop_links(desk.connection, then.keys())
    records = desk.records({id for pair in met for id in pair})
    rows = []
    for one, other in sorted(met):
        found = comparing.judge(desk.library, records[one].values, records[other].values)
        if found is not None:
            told = msgspec.to_builtins(found.reasons)
            row = {"one": one, "other": other, "library": desk.id, "merge": found.merge}
            rows.append(row | {"points": found.points, "reasons": told, "state": ""})
    pairs.add_links(desk.connection, rows)


def _met(
    desk: Desk, records: Mapping[int, Record], then: Mapping[int, Collection[int]]
) -> set[Pair]:
    """Pairs that share a block, after records were put under their keys."""
    blocks = {id: desk.numbers(desk.library.blocking(one.values)) for id, one in records.items()}
    sharing = store.sharing(desk.connection, {key for keys in blocks.values() for key in keys})
    for id, keys in blocks.items():
        for key in keys:
            sharing.setdefault(key, set()).add(id)
    crowded = {key for key, ids in sharing.items() if _CROWDED in ids or len(ids) > MOST_BLOCK}
    new = {(key, _CROWDED) for key in crowded if _CROWDED not in sharing[key]}
    old: set[tuple[int, int]] = set()
    for id, keys in blocks.items():
        now = (keys - crowded) | desk.numbers(desk.library.searching(records[id].values))
        new |= {(key, id) for key in now}
        old |= {(key, id) for key in set(then.get(id, ())) - now}
    store.drop_keys(desk.connection, old)
    store.add_keys(desk.connection, new)
    return {
        ordered(id, other)
        for id, keys in blocks.items()
        for key in keys - crowded
        for other in sharing[key]
        if other != id
    }


def regroup(desk: Desk, seeds: Collection[int]) -> None:
    """Group anew what hangs together with some records, and note what follows."""
    around = _around(desk, seeds)
    records = desk.records(around.ids)
    said = {id: (one.name, desk.library.exclusive(one.values)) for id, one in records.items()}
    links = [Link(*pair, row.points) for pair, row in around.links.items() if row.merge]
    links += [Link(*pair, ruled=True) for pair, together in around.rulings.items() if together]
    apart = [pair for pair, together in around.rulings.items() if not together]
    found = clustering.group(said, links, apart)
    touched = _assign(desk, found, records, around)
    _mark(desk, around)
    records = desk.records(around.ids)
    crowds: dict[int, list[Record]] = {}
    for one in records.values():
        crowds.setdefault(one.entity, []).append(one)
    desk.settle(touched | {records[id].entity for id in seeds}, crowds)


def _around(desk: Desk, seeds: Collection[int]) -> Around:
    """All records that could be grouped with some, or are now."""
    found = Around()
    frontier = set(seeds)
    while frontier:
        held = desk.records(frontier)
        crowds = desk.of({one.entity for one in held.values()})
        fresh = (frontier | {one.id for crowd in crowds.values() for one in crowd}) - found.ids
        found.ids |= fresh
        links = pairs.links(desk.connection, fresh)
        rulings = pairs.rulings(desk.connection, fresh)
        found.links |= links
        found.rulings |= rulings
        reached = [pair for pair, row in links.items() if row.merge]
        reached += [pair for pair, together in rulings.items() if together]
        frontier = {id for pair in reached for id in pair} - found.ids
    return found


def _assign(desk: Desk, found: Grouping, records: Mapping[int, Record], around: Around) -> set[int]:
    """Give every group its number; the entities that have other records than before."""
    counts: dict[int, int] = {}
    entities: dict[int, int] = {}
    steps, joined = [], _joined(found)
    for group in found.groups:
        head, left = min(group), dict[int, list[int]]()
        counts[head] = len(group)
        for id in sorted(group):
            left.setdefault(records[id].entity, []).append(id)
        merged = len(left) > 1
        left.pop(head, None)
        for entity, moved in left.items():
            entities |= dict.fromkeys(moved, head)
            evidence = _evidence(set(moved), joined, around) if merged else []
            into, out = (head, entity) if merged else (entity, head)
            details = {"records": moved, "links": evidence}
            steps.append(desk.told("merged" if merged else "parted", into, out, "", details))
            counts.setdefault(entity, 0)
    touched = {*entities.values(), *(records[id].entity for id in entities)}
    pairs.move(desk.connection, entities)
    desk.keep(replace(records[id], entity=head) for id, head in entities.items())
    pairs.add_steps(desk.connection, steps)
    pairs.count(desk.connection, {id: counts[id] for id in touched})
    pairs.touch(desk.connection, touched, desk.now)
    return touched


def _joined(found: Grouping) -> dict[int, list[Link]]:
    """The links that made the groups, by record."""
    by: dict[int, list[Link]] = {}
    for one in found.joined:
        by.setdefault(one.one, []).append(one)
        by.setdefault(one.other, []).append(one)
    return by


def _evidence(
    moved: set[int], joined: Mapping[int, list[Link]], around: Around
) -> list[dict[str, Any]]:
    """The links that brought records into a group: between those that moved and the others."""
    told = []
    for link_ in (one for id in sorted(moved) for one in joined.get(id, ())):
        if (link_.one in moved) != (link_.other in moved):
            pair = ordered(link_.one, link_.other)
            row = around.links.get(pair)
            reasons = [] if row is None else row.reasons
            points = 0 if row is None else row.points
            told.append({"pair": pair, "points": points, "reasons": reasons, "ruled": link_.ruled})
    return told[:MOST_EVIDENCE]


def _mark(desk: Desk, around: Around) -> None:
    """Which links wait for somebody."""
    records = desk.records({id for pair in around.links for id in pair})
    states = {}
    for pair, row in around.links.items():
        one, other = (records[id] for id in pair)
        state = "blocked" if row.merge else "proposed"
        if one.entity == other.entity or around.rulings.get(pair) is False:
            state = ""
        if state != row.state:
            states[pair] = state
    pairs.set_states(desk.connection, states)
