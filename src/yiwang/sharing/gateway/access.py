"""Which grant a caller reads under, and what it lets through of the resource as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yiwang.security.actions import Context
from yiwang.security.protection.masking import Masker
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue import views as catalogue_views
from yiwang.sharing.catalogue.errors import NoSuchResource
from yiwang.sharing.catalogue.model import Item, Resource
from yiwang.sharing.gateway import standing
from yiwang.sharing.gateway.errors import NoGrant, NoSuchField, NotFiltered
from yiwang.sharing.gateway.model import Question
from yiwang.sharing.grants import model as terms
from yiwang.sharing.grants import store as grants
from yiwang.sharing.grants.model import Grant
from yiwang.sharing.sources.model import Condition


@dataclass(frozen=True)
class Access:
    """``items`` are those that may be read, by column; ``masked`` those of them that are not
    shown as they are; ``checked`` those about which may be asked with yes and no; ``keys`` the
    columns that together name one row; ``rows`` what every row meets which the grant gives.
    ``maskers`` are made when they are first wanted."""

    resource: Resource
    grant: Grant
    items: Mapping[str, Item]
    masked: frozenset[str]
    checked: Mapping[str, Item]
    keys: tuple[str, ...]
    rows: tuple[Condition, ...]
    maskers: dict[str, Masker] = field(default_factory=dict)

    def fields(self, question: Question) -> list[str]:
        """The columns of an answer, in the resource's order. Raises NoSuchField."""
        for name in question.fields:
            if name not in self.items:
                raise NoSuchField(name, name=name)
        return [name for name in self.items if not question.fields or name in question.fields]

    def check(self, question: Question) -> None:
        """Rows are searched and sorted by what is shown plainly alone: a masked value could be
        found by halving, one that is not granted by trying. Raises NoSuchField, NotFiltered."""
        for name in [
            *(one.column for one in question.where),
            *(one.column for one in question.order),
        ]:
            if name not in self.items:
                raise NoSuchField(name, name=name)
            if name in self.masked:
                raise NotFiltered(name, name=name)


def find(ctx: Context, key: int | str, mode: str) -> Access:
    """The newest grant of the caller's organisation that allows ``mode``. Without one, a resource
    that the caller does not see is not there. Raises NoSuchResource, NoGrant."""
    own, kept = ctx.identity.organisation, standing.of(ctx.caller.database)
    if own is not None:
        stamp = standing.stamp(ctx.connection, key, own, ctx.now)
        found: Access | None = kept.find(mode, stamp)
        if found is not None:
            kept.lies_in(key, found.resource.dataset or "")
            return found
    resource = catalogue.find(ctx.connection, key)
    if resource is None:
        raise NoSuchResource(key=key)
    if own is not None and resource.in_force and resource.share_type != "none":
        held = grants.of(ctx.connection, own, resource.id, ctx.now)
        for grant in held:
            if mode in grant.terms.modes:
                made = _access(resource, grant)
                if not ctx.writes:
                    kept.put(mode, standing.stamp_of(resource, held), made)
                    kept.lies_in(key, resource.dataset or "")
                return made
    if not catalogue_views.visible(ctx.identity, resource):
        raise NoSuchResource(key=key)
    raise NoGrant(resource=resource.id)


def under(ctx: Context, number: int, mode: str) -> Access:
    """What a grant, by its number, lets through now. Raises NoGrant where it is over, where it
    does not allow ``mode``, and where its resource is shared no more."""
    grant = grants.grant(ctx.connection, number)
    if grant is None:
        raise NoGrant(resource=0)
    resource = catalogue.find(ctx.connection, grant.resource)
    held = grant.in_force(ctx.now) and mode in grant.terms.modes
    if resource is None or not held or not resource.in_force or resource.share_type == "none":
        raise NoGrant(resource=grant.resource)
    return _access(resource, grant)


def _access(resource: Resource, grant: Grant) -> Access:
    items = terms.readable(grant, resource)
    return Access(
        resource,
        grant,
        {item.column: item for item in items},
        frozenset(item.column for item in items if terms.masked(item, grant)),
        {item.column: item for item in terms.verifiable(grant, resource)},
        resource.keys,
        tuple(Condition(one.column, one.operator, one.value) for one in grant.terms.rows),
    )
