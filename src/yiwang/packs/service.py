"""Installing packs, switching them on and off, and saying how they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yiwang.contracts.events import PacksChanged
from yiwang.kernel import text
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import LANGUAGES
from yiwang.packs import difference, manifest, store
from yiwang.packs.check import Checked, ExampleRunner, check
from yiwang.packs.city import City
from yiwang.packs.difference import Difference
from yiwang.packs.errors import (
    BuiltinName,
    NeedsPack,
    NotConfirmed,
    OlderVersion,
    SameVersion,
    UnknownPack,
)
from yiwang.packs.library import Found, Library, folder_digest
from yiwang.packs.model import Pack
from yiwang.packs.store import Row
from yiwang.security.actions import Context, action, query


@dataclass(frozen=True)
class Domain:
    """How one domain takes up a pack's section and lets it go; joined in ``app.py``.

    ``install`` is called again with every change of the pack or of the city's inputs.
    """

    install: Callable[[Context, Pack, City], object]
    remove: Callable[[Context, str], object]


@dataclass(frozen=True)
class Status:
    """A pack as people see it. ``errors`` are messages by language."""

    name: str
    title: Mapping[str, str]
    version: str
    builtin: bool
    state: str
    errors: tuple[Mapping[str, str], ...]
    widens: tuple[Mapping[str, str], ...]
    changed_at: int


@action("packs.refresh", permission="packs.install", audit_verb="packs_refreshed")
def refresh(ctx: Context, library: Library, domains: Sequence[Domain]) -> list[str]:
    """Bring the domains up to date with the packs on disk and the city's inputs; which packs
    changed. A bad pack is switched off with its errors kept, the rest run."""
    library.recover()
    return _refresh(ctx, library, domains)


def _refresh(ctx: Context, library: Library, domains: Sequence[Domain]) -> list[str]:
    rows = store.rows(ctx.connection)
    found = {one.name: one for one in library.found()}
    fresh = [one for one in found.values() if library.digest(one) != _digest(rows.get(one.name))]
    gone = [name for name in rows if name not in found]
    if not fresh and not gone:
        return []
    checked = _with_needs({name: library.read(one)[0] for name, one in found.items()})
    for name in gone:
        _let_go(ctx, name, domains)
        store.remove(ctx.connection, name)
        store.note(ctx, name, rows[name].version, "removed", ())
    for name, one in found.items():
        row = rows.get(name)
        good = not checked[name].errors
        if one in fresh or (row is not None and good != (row.state != "bad")):
            _take_up(ctx, library, one, checked[name], row, domains)
    ctx.note("packs", changed=[one.name for one in fresh], removed=gone)
    return [one.name for one in fresh] + gone


@action("packs.install", permission="packs.install", audit_verb="pack_installed")
def install(
    ctx: Context,
    library: Library,
    domains: Sequence[Domain],
    folder: Path,
    *,
    accept_sharing: bool = False,
    examples: ExampleRunner | None = None,
) -> Difference:
    """Check a folder, copy it into the home and switch it on; what changed against the
    installed version. Raises BadPack, BuiltinName, SameVersion, OlderVersion, NotConfirmed."""
    versions = {name: row.version for name, row in store.rows(ctx.connection).items()}
    new = check(folder, str(folder), versions, examples).use()
    changes = preview(ctx, library, new)
    if changes.widens and not accept_sharing:
        widens = "; ".join(changes.widening("zh-CN"))
        raise NotConfirmed(new.shown, pack=new.name, version=new.version, widens=widens)
    there = _installed(library, new.name)
    if there is not None and folder_digest(there.folder) == folder_digest(folder):
        return changes
    library.put(folder, new.name)
    try:
        store.accept(ctx.connection, new.name, difference.surface(new))
        _refresh(ctx, library, domains)
    except BaseException:
        library.undo(new.name)
        raise
    library.keep(new.name)
    store.note(ctx, new.name, new.version, "installed", changes.lines("en"))
    ctx.note(f"pack:{new.name}", version=new.version, changes=changes.lines("en"))
    return changes


@action("packs.accept", permission="packs.install", audit_verb="pack_sharing_accepted")
def accept(ctx: Context, library: Library, name: str) -> None:
    """Agree to what a pack shares now. Raises UnknownPack, BadPack."""
    pack = library.pack(name)
    store.accept(ctx.connection, name, difference.surface(pack))
    ctx.note(f"pack:{name}", version=pack.version)


@query("packs.preview", permission="packs.read")
def preview(ctx: Context, library: Library, new: Pack) -> Difference:
    """What installing a checked pack would change. Raises BuiltinName, SameVersion,
    OlderVersion."""
    one = _installed(library, new.name)
    if one is None:
        return Difference()
    if one.builtin:
        raise BuiltinName(new.shown, name=new.name)
    old = library.read(one)[0].pack
    if old is None:
        return Difference()
    before, after = manifest.version(old.version), manifest.version(new.version)
    if before is not None and after is not None and after < before:
        raise OlderVersion(new.shown, pack=new.name, version=new.version, have=old.version)
    if before == after and folder_digest(one.folder) != folder_digest(new.folder):
        raise SameVersion(new.shown, pack=new.name, version=new.version)
    return difference.compare(old, new)


@query("packs.list", permission="packs.read")
def statuses(ctx: Context, library: Library) -> list[Status]:
    """Every pack and how it is, by name."""
    found = {one.name for one in library.found()}
    return [
        _status(ctx, library, row)
        for name, row in sorted(store.rows(ctx.connection).items())
        if name in found
    ]


@query("packs.show", permission="packs.read")
def status(ctx: Context, library: Library, name: str) -> Status:
    """One pack and how it is. Raises UnknownPack."""
    row = store.rows(ctx.connection).get(name)
    if row is None:
        raise UnknownPack(name=name, known=", ".join(sorted(store.rows(ctx.connection))) or "-")
    return _status(ctx, library, row)


@query("packs.history", permission="packs.read")
def history(ctx: Context, name: str) -> list[dict[str, Any]]:
    """What was done with a pack, newest first."""
    return store.history(ctx.connection, name)


@query("packs.running", permission="packs.read")
def running(ctx: Context, library: Library) -> list[tuple[Pack, City]]:
    """The packs that are switched on, with the city's inputs, by name."""
    found = {one.name: one for one in library.found()}
    good = [
        library.read(found[name])
        for name, row in sorted(store.rows(ctx.connection).items())
        if row.state == "running" and name in found
    ]
    return [(checked.pack, city) for checked, city in good if checked.pack is not None]


def _status(ctx: Context, library: Library, row: Row) -> Status:
    pack = library.read(library.find(row.pack))[0].pack
    widens = difference.widening(row.accepted, difference.surface(pack)) if pack else ()
    return Status(
        name=row.pack,
        title=dict(pack.manifest.title) if pack else {},
        version=row.version,
        builtin=row.builtin,
        state=row.state,
        errors=tuple(row.errors),
        widens=tuple(
            {lang: text.render(f"packs.ui.{word}", lang, fields) for lang in LANGUAGES}
            for word, fields in widens
        ),
        changed_at=row.changed_at,
    )


def _digest(row: Row | None) -> str:
    return "" if row is None else row.digest


def _installed(library: Library, name: str) -> Found | None:
    return next((one for one in library.found() if one.name == name), None)


def _with_needs(checked: Mapping[str, Checked]) -> dict[str, Checked]:
    """A pack that needs one that is bad or absent is bad too, and so on."""
    found = dict(checked)
    while True:
        have = {
            name: one.pack.version for name, one in found.items() if one.pack and not one.errors
        }
        broken = {
            name: errors
            for name, one in found.items()
            if one.pack and not one.errors and (errors := _unmet(one.pack, have))
        }
        if not broken:
            return found
        for name, errors in broken.items():
            found[name] = Checked(name, found[name].pack, errors)


def _unmet(pack: Pack, have: Mapping[str, str]) -> tuple[YiwangError, ...]:
    where = f"{pack.shown}/{manifest.FILE}"
    return tuple(
        NeedsPack(where, pack=name, wanted=wanted or "-", have=have.get(name, "-"))
        for name, wanted in pack.manifest.needs_packs.items()
        if name not in have or not manifest.satisfies(have[name], wanted)
    )


def _take_up(
    ctx: Context,
    library: Library,
    one: Found,
    checked: Checked,
    row: Row | None,
    domains: Sequence[Domain],
) -> None:
    city = library.read(one)[1]
    pack = checked.pack
    state = "bad" if checked.errors or pack is None else "running" if city.enabled else "off"
    if state == "running" and pack is not None:
        for domain in domains:
            domain.install(ctx, pack, city)
    elif row is not None and row.state == "running":
        _let_go(ctx, one.name, domains)
    version = pack.version if pack else row.version if row else ""
    accepted = row.accepted if row else difference.surface(pack) if pack else {}
    errors = [{lang: error.message(lang) for lang in LANGUAGES} for error in checked.errors]
    written = Row(
        one.name, version, library.digest(one), one.builtin, state, errors, accepted, ctx.now
    )
    store.write(ctx.connection, written)
    store.note(ctx, one.name, version, state, ())
    ctx.emit(PacksChanged(one.name, version))


def _let_go(ctx: Context, name: str, domains: Sequence[Domain]) -> None:
    for domain in domains:
        domain.remove(ctx, name)
    ctx.emit(PacksChanged(name, ""))
