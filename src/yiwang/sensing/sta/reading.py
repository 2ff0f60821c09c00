"""Answers to GET: a resource and its query options to the JSON of the standard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import msgspec

from yiwang.sensing.history.keeping import Declared, Keeping
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Mask
from yiwang.sensing.sta import applied, arrays, ast, cursors, pages, render
from yiwang.sensing.sta.applied import Table
from yiwang.sensing.sta.ast import Node
from yiwang.sensing.sta.columns import Observed
from yiwang.sensing.sta.entities import Entities, Page, Row, top
from yiwang.sensing.sta.errors import NoSuchEntity, NotSupported, position, words
from yiwang.sensing.sta.observed import Found, ObservationReading
from yiwang.sensing.sta.past import Past
from yiwang.sensing.sta.path import Resource, Step
from yiwang.sensing.sta.query import Expand, Query
from yiwang.sensing.sta.render import Json, Links
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    OBSERVATION,
    TYPES,
    EntityType,
    Relation,
)

MOST_EXPANDED = 200_000
"""Entities one answer may hold, so that nested $expand cannot exhaust the memory."""


@dataclass(frozen=True)
class Place:
    """Where a resource leads: all entities of a type, or those related to one."""

    type: EntityType
    id: int | None = None
    parent: tuple[EntityType, int] | None = None
    relation: Relation | None = None


class Reading:
    """One answer, through one connection, at one moment."""

    def __init__(
        self,
        entities: Entities,
        store: Observations,
        now: int,
        links: Links,
        seen: Mask | None = None,
    ) -> None:
        self._entities = entities
        self._observed = ObservationReading(store, entities, now, seen)
        self._links = links
        self._now = now
        self._count = 0
        self._rows: dict[tuple[str, int], Row] = {}

    def resolve(self, resource: Resource) -> Place:
        """Follow the path. Raises NoSuchEntity where an entity on the way does not exist."""
        place = Place(resource.type)
        for step in resource.steps:
            place = self._step(place, step)
        return place

    def _step(self, before: Place, step: Step) -> Place:
        if step.relation is None:
            if step.id is not None and not self._there(step.type, step.id):
                raise _no_such(step.type, step.id)
            return Place(step.type, step.id)
        assert before.id is not None
        parent = (before.type, before.id)
        if not step.single:
            return Place(step.type, None, parent, step.relation)
        found = self._related(before, step.relation, step.id)
        if found is None:
            raise _no_such(step.type, step.id)
        return Place(step.type, found, parent, step.relation)

    def leads_to(self, resource: Resource, id_: int) -> bool:
        """Whether a path comes to an entity, by itself or as one of a set. Raises NoSuchEntity
        where an entity on the way does not exist."""
        place = self.resolve(resource)
        if place.id is not None:
            return place.id == id_
        if place.relation is None or place.parent is None:
            return self._there(place.type, id_)
        return self._related(Place(*place.parent), place.relation, id_) is not None

    def passes(self, type_: EntityType, id_: int, condition: Node) -> bool:
        """Whether a $filter expression holds for one stored entity."""
        mine = ast.Compare("eq", ast.Path(("id",)), ast.Literal("number", id_))
        return bool(self._entities.ids(type_, ast.Logic("and", (mine, condition))))

    def observations(self, observed: Observed, query: Query) -> list[tuple[Row, Json]]:
        """Observations that are at hand, as rows and as JSON, where $filter lets them through."""
        rows = self._observed.rows(self._observed.matching(observed, query.filter))
        return list(zip(rows, self.rendered(OBSERVATION, rows, query), strict=True))

    def _there(self, type_: EntityType, id_: int) -> bool:
        """Whether an entity is there and is seen."""
        if type_ is DATASTREAM and self._observed.knows(id_):
            return True
        stored = type_ is not OBSERVATION
        row = self._entities.seen(type_, id_) if stored else self._observed.one(id_)
        if row is not None:
            self._keep(type_, row)
        return row is not None

    def _related(self, before: Place, relation: Relation, id_: int | None) -> int | None:
        assert before.id is not None
        row = self.row(before.type, before.id)
        if row is None:
            return None
        if not relation.many:
            return self._targets(before.type, relation, [row])[before.id]
        if relation.target != OBSERVATION.name:
            return self._entities.related(relation, before.id, id_)
        observed = None if id_ is None else self._observed.one(id_)
        if observed is None:
            return None
        inverse = OBSERVATION.find_relation(relation.inverse)
        assert inverse is not None
        mine = self._targets(OBSERVATION, inverse, [observed])[observed["id"]]
        return observed["id"] if mine == before.id else None

    def row(self, type_: EntityType, id_: int) -> Row | None:
        """One entity's row, with what is not a column of its table; asked for once."""
        key = (type_.name, id_)
        if key not in self._rows:
            stored = type_ is not OBSERVATION
            row = self._entities.one(type_, id_) if stored else self._observed.one(id_)
            if row is None:
                return None
            self._keep(type_, row)
        return self._rows[key]

    def _keep(self, type_: EntityType, row: Row) -> None:
        self._complete(type_, [row])
        self._rows[type_.name, row["id"]] = row

    def one(self, place: Place, query: Query) -> Json:
        assert place.id is not None
        row = self.row(place.type, place.id)
        if row is None:
            raise _no_such(place.type, place.id)
        return self.rendered(place.type, [row], query)[0]

    def collection(self, place: Place, path: str, query: Query) -> Json:
        """A page of the entities at a place; ``path`` is its address for the next link."""
        render.check_select(place.type, query)
        if place.type is OBSERVATION and not (query.format or query.select or query.expand):
            return self._observations(place, path, query)
        page = self.page(place, query)
        if query.format == "dataArray":
            value = arrays.of(place.type, page.rows, query, self._links)
        else:
            value = self.rendered(place.type, page.rows, query)
        return self._paged(path, query, page, value)

    def _observations(self, place: Place, path: str, query: Query) -> Json:
        """A page of whole observations, written without a detour over rows where it can be."""
        found = self._observed.found(query, *_scope(place))
        if self._observed.links.multi(found.observed.with_arrays()):
            rows = self._observed.rows(found.observed)
            return self._paged(path, query, found, self.rendered(OBSERVATION, rows, query))
        value = msgspec.Raw(pages.text(found.observed, self._links).encode())
        return self._paged(path, query, found, value)

    def _paged(self, path: str, query: Query, page: Page | Found, value: Any) -> Json:
        made: Json = {}
        if page.count is not None:
            made["@iot.count"] = page.count
        if page.more:
            made["@iot.nextLink"] = self._next(path, query, page)
        made["value"] = value
        return made

    def page(self, place: Place, query: Query) -> Page:
        if place.type is OBSERVATION:
            return self._observed.page(query, *_scope(place))
        if place.relation is None or place.parent is None:
            page = self._entities.collection(place.type, query)
        else:
            parent = place.parent[1]
            page = self._entities.of(place.relation, [parent], query)[parent]
        self._complete(place.type, page.rows)
        return page

    def every(self, condition: Node | None) -> Iterator[Observed]:
        """All observations for which a condition holds, in parts of no order."""
        return self._observed.every(condition, None)

    def groups(
        self, place: Place, query: Query, kept: tuple[Keeping, Declared] | None = None
    ) -> tuple[Table, Json]:
        """What $apply makes of the observations at a place, and what is to be said of where it
        comes from."""
        if place.type is not OBSERVATION or place.id is not None or query.apply is None:
            raise NotSupported("$apply", what=words("apply_on_other"))
        condition, scope = applied.leading(query.apply), _scope(place)
        observed = self._observed.every(condition, *scope)
        asking = partial(self._observed.evaluator, option=applied.OPTION)
        past = None
        if kept is not None:
            bounds = self._observed.bounds(condition, *scope)
            past = Past(*kept, bounds, applied.first_group(query.apply))
        table = applied.carried_out(query.apply, observed, asking, self._now, past)
        return table, {} if past is None else past.notes

    def references(self, place: Place, query: Query) -> list[Json]:
        """The self links of the entities at a place."""
        rows = self.page(place, query).rows
        return [{"@iot.selfLink": self._links.entity(place.type, row["id"])} for row in rows]

    def rendered(self, type_: EntityType, rows: Sequence[Row], query: Query) -> list[Json]:
        """Entities with what is expanded below them, which for other formats than JSON has to
        be values too."""
        return self._rendered(type_, rows, query, not query.format)

    def _rendered(
        self, type_: EntityType, rows: Sequence[Row], query: Query, texts: bool
    ) -> list[Json]:
        """``texts``: whether what is expanded may be JSON text."""
        render.check_select(type_, query)
        self._counted(len(rows))
        made = render.shape(type_, query, self._links).of(rows)
        for item in query.expand:
            relation = type_.find_relation(item.name)
            if relation is None:
                names = [known.name for known in type_.relations]
                raise type_.unknown(item.name, position("$expand", item.at), names)
            if texts and type_ is DATASTREAM and _newest(item):
                self._expand_newest(rows, made, item)
            elif relation.many:
                self._expand_many(type_, relation, rows, made, item, texts)
            else:
                self._expand_one(type_, relation, rows, made, item, texts)
        return made

    def _counted(self, more: int) -> None:
        self._count += more
        if self._count > MOST_EXPANDED:
            raise NotSupported("$expand", what=words("answer_too_large", most=MOST_EXPANDED))

    def _expand_newest(self, rows: Sequence[Row], made: Sequence[Json], item: Expand) -> None:
        """The latest observation of each datastream, without a detour over rows."""
        observed, several = self._observed.newest([row["id"] for row in rows])
        texts = pages.each(observed, self._links)
        self._counted(len(texts))
        newest = dict(zip(observed.datastream.tolist(), texts, strict=True))
        behind = _behind(item.query, 1, "") if several else ""
        for row, parent in zip(rows, made, strict=True):
            id_ = row["id"]
            parent[item.name] = msgspec.Raw(f"[{newest.get(id_, '')}]")
            if id_ in several:
                path = f"{DATASTREAM.plural}({id_})/{item.name}"
                parent[f"{item.name}@iot.nextLink"] = self._links.address(path, behind)

    def _expand_one(
        self,
        type_: EntityType,
        relation: Relation,
        rows: Sequence[Row],
        made: Sequence[Json],
        item: Expand,
        texts: bool,
    ) -> None:
        targets = self._targets(type_, relation, rows)
        target = TYPES[relation.target]
        found = self._entities.many(target, [id_ for id_ in targets.values() if id_])
        self._complete(target, list(found.values()))
        shown = self._rendered(target, list(found.values()), item.query, texts)
        children = dict(zip(found, shown, strict=True))
        for row, parent in zip(rows, made, strict=True):
            if relation.name == render.absent(type_, row):
                continue
            parent[relation.name] = children.get(targets[row["id"]] or 0)

    def _expand_many(
        self,
        type_: EntityType,
        relation: Relation,
        rows: Sequence[Row],
        made: Sequence[Json],
        item: Expand,
        texts: bool,
    ) -> None:
        target = TYPES[relation.target]
        ids = [row["id"] for row in rows]
        pages = self._pages(type_, relation, ids, item.query)
        inner = [row for id_ in ids if id_ in pages for row in pages[id_].rows]
        if target is not OBSERVATION:
            self._complete(target, inner)
        children = iter(self._rendered(target, inner, item.query, texts))
        empty = Page(count=0 if item.query.count else None)
        for id_, parent in zip(ids, made, strict=True):
            page = pages.get(id_, empty)
            if page.count is not None:
                parent[f"{relation.name}@iot.count"] = page.count
            parent[relation.name] = [next(children) for _ in page.rows]
            if page.more:
                path = f"{type_.plural}({id_})/{relation.name}"
                behind = _behind(item.query, page.size, page.after)
                parent[f"{relation.name}@iot.nextLink"] = self._links.address(path, behind)

    def _pages(
        self, type_: EntityType, relation: Relation, ids: Sequence[int], query: Query
    ) -> dict[int, Page]:
        if relation.target != OBSERVATION.name:
            return self._entities.of(relation, ids, query)
        if type_ in (DATASTREAM, MULTI_DATASTREAM):
            return self._observed.several(query, ids)
        return {id_: self._observed.page(query, None, id_) for id_ in ids}

    def _targets(
        self, type_: EntityType, relation: Relation, rows: Sequence[Row]
    ) -> dict[int, int | None]:
        """For each row the id of the entity to which a to-one relation leads."""
        if type_ is not OBSERVATION:
            return {row["id"]: row[relation.mine] for row in rows}
        if relation.target != FEATURE_OF_INTEREST.name:
            multi = relation.target == MULTI_DATASTREAM.name
            return {
                row["id"]: row["datastream"] if bool(row.get("multi")) is multi else None
                for row in rows
            }
        return self._observed.features(rows)

    def _complete(self, type_: EntityType, rows: Sequence[Row]) -> None:
        """Add what is no column: the spans of time of a datastream's observations."""
        if type_ not in (DATASTREAM, MULTI_DATASTREAM) or not rows:
            return
        ids = [row["id"] for row in rows]
        spans, result_spans = self._observed.spans(ids), self._observed.result_spans(ids)
        for row in rows:
            row["phenomenonTime"] = spans.get(row["id"])
            row["resultTime"] = result_spans.get(row["id"])

    def _next(self, path: str, query: Query, page: Page | Found) -> str:
        return self._links.address(path, _behind(query, page.size, page.after))

    def following(self, query: Query, page: Page | Found) -> Query:
        """What asks for the page behind a page."""
        return _following(query, page.size, page.after)


def _newest(item: Expand) -> bool:
    """Whether nothing is asked of a datastream's observations but which is the latest."""
    query = item.query
    plain = item.name == _OBSERVATIONS and not (query.select or query.expand)
    return plain and cursors.is_latest(query, query.filter)


_OBSERVATIONS = "Observations"


def _following(query: Query, size: int, after: str) -> Query:
    cursor = f"'{after}'" if after else ""
    return replace(query, skip=query.skip + size, top=top(query), after=cursor)


@lru_cache(maxsize=256)
def _behind(query: Query, size: int, after: str) -> str:
    """The options that ask for what comes behind a page."""
    return _following(query, size, after).render()


def _scope(place: Place) -> tuple[list[int] | None, int]:
    """The datastreams (None: all) and the feature of interest (0: any) of the observations at
    a place."""
    if place.parent is None:
        return None, 0
    type_, id_ = place.parent
    return (None, id_) if type_ is FEATURE_OF_INTEREST else ([id_], 0)


def _no_such(type_: EntityType, id_: int | None) -> NoSuchEntity:
    return NoSuchEntity(type_.plural, entity=type_.name, id="" if id_ is None else id_)
