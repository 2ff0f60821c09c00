"""Pages of the open portal as search engines read them: what a page is stands in its head before
anything runs. The web application draws the rest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from yiwang.console import static
from yiwang.console.errors import NotBuilt
from yiwang.kernel.text import choose
from yiwang.kernel.text import render as words
from yiwang.security.errors import Denied, SignInNeeded
from yiwang.sharing.opening import harvest
from yiwang.sharing.opening.errors import NotReleased
from yiwang.web import calls, render

MOST_DESCRIPTION = 300
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)


async def portal(request: Request) -> Response:
    """The page of the portal itself."""
    base = render.root(request)
    lang = choose(request.headers.get("accept-language", ""))
    told = {
        "@context": "https://schema.org/",
        "@type": "DataCatalog",
        "@id": f"{base}/open",
        "url": f"{base}/open",
        "name": words("sharing.opening.portal", lang, {}),
    }
    return _page(request, told)


async def dataset(request: Request) -> Response:
    """The page of an opened dataset, with schema.org's Dataset as JSON-LD; of a name that is not
    open the bare page, as not found."""
    args = (render.root(request), request.path_params["name"])
    try:
        told = await calls.run(harvest.schema_org, request.state.caller, *args)
    except NotReleased:
        return _page(request, None, 404)
    except (Denied, SignInNeeded):
        return _page(request, None)
    return _page(request, told)


def _page(request: Request, told: Mapping[str, Any] | None, status: int = 200) -> Response:
    index = static.page()
    if index is None:
        raise NotBuilt(request.url.path)
    if told is not None:
        index = _TITLE.sub("", index, count=1).replace("</head>", f"{head(told)}</head>", 1)
    headers = static.HEADERS | {"cache-control": "no-cache", "vary": "accept-language"}
    return Response(index, status, headers=headers, media_type="text/html")


def head(told: Mapping[str, Any]) -> str:
    """What stands in the head of a page. Nothing in it can end the element that it stands in."""
    json = msgspec.json.encode(told).decode()
    for sign in "<>&\u2028\u2029":
        json = json.replace(sign, f"\\u{ord(sign):04x}")
    about = str(told.get("description", ""))[:MOST_DESCRIPTION]
    lines = [f"<title>{escape(told['name'])}</title>"]
    lines += [f'<meta name="description" content="{escape(about)}" />'] if about else []
    lines += [f'<link rel="canonical" href="{escape(told["url"])}" />']
    lines += [f'<script type="application/ld+json">{json}</script>']
    return "\n".join(lines)
