"""What somebody's grants give as files."""

from __future__ import annotations

from typing import Any

from yiwang.kernel import clock
from yiwang.security.actions import Context, query
from yiwang.sharing.catalogue import store as catalogue
from yiwang.sharing.catalogue.views import names
from yiwang.sharing.files import keys, model, store, versions

MOST_FILES = 2000
"""Files of one page of grants."""


@query("sharing.my_files", permission="sharing.use")
def listing(
    ctx: Context, before: int | None, limit: int, lang: str
) -> tuple[list[dict[str, Any]], int | None]:
    """The own organisation's grants in force that give files, the newest first: each with its
    files and with what of them it does not cover; and the grant behind which the next page
    begins."""
    own = keys.organisation(ctx)
    grants = store.granted(ctx.connection, own, ctx.now, before, limit)
    held = [one for one in grants if "file" in one.terms.modes]
    found = catalogue.some(ctx.connection, sorted({one.resource for one in held}))
    resources = {
        one.id: one
        for one in catalogue.with_items(ctx.connection, found)
        if one.in_force and one.share_type != "none"
    }
    files: dict[int, list[dict[str, Any]]] = {}
    for one in store.newest(ctx.connection, resources, MOST_FILES):
        files.setdefault(one.resource, []).append(versions.shown(one))
    named = names(ctx, lang)
    shown, plain = [], versions.shows(ctx)
    for grant in held:
        resource = resources.get(grant.resource)
        if resource is None:
            continue
        lies = resource.dataset or (resource.source and resource.table)
        shown.append(
            {
                "grant": grant.id,
                "resource": resource.id,
                "name": resource.name,
                "code": resource.code,
                "provider": named.get(resource.organisation, ""),
                "expires_at": clock.render(grant.expires_at),
                "files": files.get(resource.id, []),
                "not_covered": model.uncovered(grant, resource, plain),
                "extract": bool(lies and resource.keys and grant.terms.fields),
            }
        )
    return shown, grants[-1].id if len(grants) == limit else None
