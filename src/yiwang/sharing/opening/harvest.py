"""For machines that look through the portal: DCAT-AP, sitemap, robots, schema.org."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from yiwang.kernel import clock
from yiwang.kernel.text import LANGUAGES, render
from yiwang.security.actions import Context, query
from yiwang.sharing.catalogue.views import names
from yiwang.sharing.opening import dcat, portal, store
from yiwang.sharing.opening.dcat import Catalogue

_FORMS = {"ttl": "turtle", "jsonld": "json-ld"}


@query("sharing.dcat", permission="sharing.read_opened")
def catalogue(ctx: Context, base: str, form: str, name: str = "") -> str:
    """The catalogue, or one dataset of it, as Turtle or JSON-LD. Raises NotReleased."""
    every = [portal.found(ctx, name)] if name else store.every(ctx.connection)
    title = {lang: render("sharing.opening.portal", lang, {}) for lang in LANGUAGES}
    made = dcat.graph(Catalogue(title, base, names(ctx, "zh-CN")), every)
    return made.serialize(format=_FORMS[form])


@query("sharing.schema_org", permission="sharing.read_opened")
def schema_org(ctx: Context, base: str, name: str) -> dict[str, Any]:
    """One dataset as schema.org says it. Raises NotReleased."""
    one = portal.found(ctx, name)
    return dcat.schema_org(base, one, names(ctx, "zh-CN")[one.resource.organisation])


@query("sharing.sitemap", permission="sharing.read_opened")
def sitemap(ctx: Context, base: str) -> str:
    """The addresses of what is open (sitemaps.org 0.9)."""
    pages = [(f"{base}/open", "")]
    for one in store.every(ctx.connection):
        pages.append((f"{base}/open/{one.name}", clock.render(one.resource.changed_at)))
    lines = [
        f"<url><loc>{escape(url)}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</url>"
        for url, at in pages
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'{head}<urlset xmlns="{space}">\n' + "\n".join(lines) + "\n</urlset>\n"


def robots(base: str) -> str:
    """What robots may look at: what is open, and nothing else."""
    return (
        "User-agent: *\nAllow: /open\nAllow: /assets/\nAllow: /sitemap.xml\nAllow: /dcat\n"
        f"Disallow: /\nSitemap: {base}/sitemap.xml\n"
    )
