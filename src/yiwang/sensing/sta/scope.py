"""What a condition reaches over relations, and how tables are joined for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import and_, exists, literal, select
from sqlalchemy.sql.selectable import FromClause

from yiwang.kernel.text import Words
from yiwang.sensing import sight as sights
from yiwang.sensing.sight import EVERYTHING, Sight
from yiwang.sensing.sta.scalars import Column, NotInSql
from yiwang.sensing.sta.schema import TYPES, EntityType, Relation


@dataclass
class Scope:
    """The entity a condition speaks of, and the related ones it has reached so far."""

    type: EntityType
    source: FromClause
    joined: dict[tuple[str, ...], tuple[EntityType, FromClause]] = field(default_factory=dict)
    links: list[Column] = field(default_factory=list)
    selective: bool = False
    """Whether few related entities are meant, from which it is quicker to look back."""
    sight: Sight = EVERYTHING

    def reach(self, names: tuple[str, ...], where: str | Words) -> tuple[EntityType, FromClause]:
        """The table at the end of the relations ``names``, joined once."""
        if not names:
            return self.type, self.source
        if names not in self.joined:
            type_, source = self.reach(names[:-1], where)
            relation = type_.find_relation(names[-1])
            if relation is None:
                raise type_.unknown(names[-1], where)
            target = TYPES[relation.target]
            if target.table is None:
                raise NotInSql
            alias = target.table.alias()
            self.links.append(link(relation, source, alias))
            if relation.many and not self.sight.everything:
                self.links.append(sights.condition(self.sight, target.table, alias))
            self.joined[names] = (target, alias)
        return self.joined[names]

    def followed(self) -> Iterator[Relation]:
        """The relations that have been followed."""
        for names in self.joined:
            before = self.joined[names[:-1]][0] if len(names) > 1 else self.type
            relation = before.find_relation(names[-1])
            assert relation is not None
            yield relation

    def closed(self, condition: Column) -> Column:
        """The condition, under EXISTS when it reached related entities."""
        if not self.links:
            return condition
        if self.selective:
            mine = self.source.c.id
            found = select(mine).where(*self.links, condition).correlate(None)
            return mine.in_(found)
        return exists(select(literal(1)).where(*self.links, condition).correlate(self.source))


def link(relation: Relation, mine: FromClause, theirs: FromClause) -> Column:
    """The join condition of a relation between two stored types."""
    if relation.mine:
        return theirs.c.id == mine.c[relation.mine]
    if relation.theirs:
        return theirs.c[relation.theirs] == mine.c.id
    through = relation.through
    assert through is not None
    between = through.table.alias()
    return and_(between.c[through.mine] == mine.c.id, between.c[through.theirs] == theirs.c.id)
