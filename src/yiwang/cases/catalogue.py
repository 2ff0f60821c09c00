"""The classes of cases that are installed, every version kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import String, Transaction, bindparam, func, insert, select, update

from yiwang.cases import city, spec
from yiwang.cases.errors import NoSuchClass
from yiwang.cases.model.classes import CaseClass, DeadlineRule
from yiwang.cases.tables import case_classes
from yiwang.security.actions import Context, action, query
from yiwang.store.database import Database
from yiwang.store.statements import Statement

_held: WeakKeyDictionary[Database, dict[int, CaseClass]] = WeakKeyDictionary()
"""Versions never change once written, so they are decoded once."""
_fresh: WeakKeyDictionary[Transaction, set[int]] = WeakKeyDictionary()
"""Versions that a transaction has written: were it rolled back, another could have the number.
They are kept by whoever reads them outside it, for whom they are there to stay."""
_active = Statement(
    select(case_classes.c.id).where(
        case_classes.c.code == bindparam("code_", "", String), case_classes.c.active
    )
)
_every = Statement(select(case_classes.c.id))


@action("cases.install_classes", permission="packs.install", audit_verb="case_classes_installed")
def install_classes(ctx: Context, pack: str, classes: Sequence[CaseClass]) -> list[str]:
    """Make these the classes of a pack. New cases follow them, running ones keep theirs.

    Returns the codes that are new or changed; classes the pack no longer has are closed to
    new cases.
    """
    known = {
        row.code: row
        for row in ctx.connection.execute(
            select(case_classes.c.code, case_classes.c.digest).where(
                case_classes.c.pack == pack, case_classes.c.active
            )
        )
    }
    changed = []
    for case_class in classes:
        digest = _digest(case_class)
        if case_class.code in known and known[case_class.code].digest == digest:
            continue
        _retire(ctx, [case_class.code])
        _write(ctx, case_class, pack, digest)
        changed.append(case_class.code)
    _retire(ctx, sorted(set(known) - {one.code for one in classes}))
    ctx.note(f"pack:{pack}", case_classes=changed)
    return changed


@action("cases.remove_classes", permission="packs.install", audit_verb="case_classes_removed")
def remove_classes(ctx: Context, pack: str) -> None:
    """Close a pack's classes to new cases; running cases go on."""
    ctx.connection.execute(
        update(case_classes).where(case_classes.c.pack == pack).values(active=False)
    )
    ctx.note(f"pack:{pack}")


@query("cases.list_classes", permission="cases.read_own")
def list_classes(ctx: Context) -> list[CaseClass]:
    """The classes open to new cases, by code."""
    rows = ctx.connection.execute(
        select(case_classes.c.id).where(case_classes.c.active).order_by(case_classes.c.code)
    )
    return [by_id(ctx, row.id) for row in rows]


def changed_at(ctx: Context) -> int:
    """When the classes open to new cases last became what they are; 0 before that."""
    newest_ = select(func.max(case_classes.c.installed_at))
    return ctx.connection.execute(newest_).scalar() or 0


def by_id(ctx: Context, number: int) -> CaseClass:
    """One version of a class."""
    held = _held.get(ctx.caller.database)
    if held is None:
        held = _held.setdefault(ctx.caller.database, {})
    found = held.get(number)
    if found is None:
        row = ctx.connection.execute(
            select(case_classes.c.body).where(case_classes.c.id == number)
        ).one()
        found = msgspec.convert(row.body, CaseClass)
        if number not in _fresh.get(_transaction(ctx), ()):
            held[number] = found
    return found


class Versions:
    """The versions of classes that one action looks at, each looked up once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._found: dict[int, CaseClass] = {}

    def of(self, number: int) -> CaseClass:
        found = self._found.get(number)
        if found is None:
            found = self._found[number] = by_id(self._ctx, number)
        return found


def kinds_of(ctx: Context, state: str) -> frozenset[str]:
    """The kinds of the states of this name, in every version of every class."""
    machines = (by_id(ctx, number).machine for (number,) in _every.rows(ctx.connection, {}))
    return frozenset(one.kind(state) for one in machines if state in one.states)


def newest(ctx: Context, codes: Sequence[str]) -> dict[str, tuple[int, CaseClass]]:
    """The versions that new cases of these codes follow.

    A code of the city's event taxonomy means the installed class that is linked to it; where
    there is none it gets a class with the default states. Codes known to neither are left out.
    """
    wanted = sorted(set(codes))
    found = {
        code: (number, by_id(ctx, number))
        for code in wanted
        for (number,) in _active.rows(ctx.connection, {"code_": code})
    }
    missing = [code for code in wanted if code not in found]
    linked = _linked(ctx) if missing else {}
    for code in missing:
        other = linked.get(code) or _from_taxonomy(ctx, code)
        if other is not None:
            found[code] = other
    return found


def one(ctx: Context, code: str) -> tuple[int, CaseClass]:
    """The version that a new case of this class follows. Raises NoSuchClass."""
    found = newest(ctx, [code]).get(code)
    if found is None:
        raise NoSuchClass(code=code)
    return found


def built_in(ctx: Context, case_class: CaseClass, pack: str) -> int:
    """The version that cases of a built-in class follow, written where it is needed first. It is
    not open to reports."""
    own, digest = case_classes.c, _digest(case_class)
    known = select(own.id).where(
        own.code == case_class.code, own.pack == pack, own.digest == digest
    )
    number: int | None = ctx.connection.execute(known.limit(1)).scalar()
    return _write(ctx, case_class, pack, digest, active=False) if number is None else number


def _linked(ctx: Context) -> dict[str, tuple[int, CaseClass]]:
    """The installed classes by their code in the event taxonomy."""
    rows = ctx.connection.execute(
        select(case_classes.c.id).where(case_classes.c.active).order_by(case_classes.c.id.desc())
    )
    held = [(row.id, by_id(ctx, row.id)) for row in rows]
    return {one.event_class: (number, one) for number, one in held if one.event_class}


def _from_taxonomy(ctx: Context, code: str) -> tuple[int, CaseClass] | None:
    event_class = city.event_class(ctx, code)
    if event_class is None:
        return None
    titles = {"zh-CN": event_class.name("zh-CN"), "en": event_class.name("en")}
    rule = DeadlineRule(event_class.deadline_minutes, event_class.counting)
    case_class = CaseClass(
        code=code,
        machine=spec.default_machine(),
        title=titles,
        event_class=code,
        severity=event_class.severity,
        role=event_class.function,
        deadlines={event_class.severity: rule},
    )
    return _write(ctx, case_class, "", _digest(case_class)), case_class


def _digest(case_class: CaseClass) -> str:
    body = msgspec.json.encode(msgspec.to_builtins(case_class), order="sorted")
    return hashlib.sha256(body).hexdigest()


def _write(ctx: Context, case_class: CaseClass, pack: str, digest: str, active: bool = True) -> int:
    row = ctx.connection.execute(
        insert(case_classes)
        .values(
            code=case_class.code,
            pack=pack,
            digest=digest,
            body=msgspec.to_builtins(case_class),
            active=active,
            installed_at=ctx.now,
        )
        .returning(case_classes.c.id)
    ).one()
    number: int = row.id
    _fresh.setdefault(_transaction(ctx), set()).add(number)
    return number


def _transaction(ctx: Context) -> Transaction:
    """The one around everything that an action does; the first statement begins it."""
    return ctx.connection.get_transaction() or ctx.connection.begin()


def _retire(ctx: Context, codes: Sequence[str]) -> None:
    if codes:
        ctx.connection.execute(
            update(case_classes).where(case_classes.c.code.in_(codes)).values(active=False)
        )
