"""Entries of the template taken in as drafts, all of a file or none; and put out again."""

from __future__ import annotations

from typing import Any

from yiwang.registry import cache
from yiwang.security.actions import Context, action, query
from yiwang.sharing.catalogue import classes, model, rows, service, sheets, store, views
from yiwang.sharing.catalogue.errors import BadWorkbook, RowFault, TooManyResources
from yiwang.sharing.catalogue.model import Entry, Resource
from yiwang.sharing.catalogue.rows import Given
from yiwang.sharing.catalogue.sheets import MOST_RESOURCES, Sheets


@action("sharing.import_resources", permission="sharing.compile", audit_verb="resources_imported")
def take_in(ctx: Context, given: Sheets, preview: bool = False) -> dict[str, int]:
    """Take the rows of the template in: those without a code as new drafts, those with one as
    what its draft says now (a published one is revised). What is there as it is given stays as it
    is. ``preview`` only looks. Raises BadWorkbook with every fault."""
    units = cache.records(ctx.connection, "organisations")
    numbers = {
        name: unit.id
        for field in ("name_en", "code", "name_zh")
        for unit in units
        if (name := getattr(unit, field))
    }
    entries, faults = rows.parse(given, numbers, classes.of(ctx))
    found = [_Row(ctx, one, faults) for one in entries]
    if faults:
        raise BadWorkbook(sorted(faults, key=lambda one: (one.sheet != "resources", one.row)))
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    for one in found:
        counts[one.sort] += 1
        if not preview:
            one.take()
    ctx.note("resources", preview=preview, **counts)
    return counts


@query("sharing.export_resources", permission="sharing.read")
def put_out(ctx: Context, where: dict[str, Any], lang: str) -> bytes:
    """Resources that the caller sees, in the template. Raises TooManyResources."""
    found = store.page(ctx.connection, where, views.sight(ctx.identity), 0, MOST_RESOURCES + 1)
    if len(found) > MOST_RESOURCES:
        raise TooManyResources(most=MOST_RESOURCES)
    whole = store.with_items(ctx.connection, found)
    return sheets.write(rows.of(whole, views.names(ctx, lang), lang), lang)


class _Row:
    """What becomes of one row; faults are noted at the beginning."""

    def __init__(self, ctx: Context, given: Given, faults: list[RowFault]) -> None:
        self._ctx, self._given = ctx, given
        self._held: Resource | None = None
        self.sort = "added"
        entry = given.entry
        if not service.mine(ctx, entry.organisation):
            self._fault(faults, "organisation", "not_yours", str(entry.organisation))
        elif given.code:
            self._look(faults)
        else:
            code = store.named(ctx.connection, entry.organisation, entry.name)
            if code is not None:
                self._fault(faults, "name", "exists", code or entry.name)

    def take(self) -> None:
        held, entry = self._held, self._given.entry
        if held is None:
            service.add(self._ctx, entry)
        elif self.sort == "changed":
            if held.state == "published" and not held.pending:
                service.revise(self._ctx, held.id)
            service.change(self._ctx, held.id, entry)

    def _look(self, faults: list[RowFault]) -> None:
        ctx, code = self._ctx, self._given.code
        held = self._held = store.find(ctx.connection, code)
        if held is None or not service.mine(ctx, held.organisation):
            self._fault(faults, "code", "no_such_code", code)
            return
        stage = model.stage(held.state, held.pending)
        if self._drafted(held) == self._given.entry:
            self.sort = "unchanged"
            return
        self.sort = "changed"
        if stage not in ("draft", "published"):
            self._fault(faults, "code", "not_editable", code)
        elif held.version and held.class_code != self._given.entry.class_code:
            self._fault(faults, "class_code", "class_fixed", code)

    def _drafted(self, held: Resource) -> Entry:
        if not held.pending:
            return held.entry()
        return store.entry_in(store.version(self._ctx.connection, held.id, held.version + 1))

    def _fault(self, faults: list[RowFault], column: str, why: str, value: str) -> None:
        faults.append(RowFault("resources", self._given.row, column, why, value))
