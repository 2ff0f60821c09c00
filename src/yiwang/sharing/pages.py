"""Every page of sharing, part by part."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from yiwang.sharing.catalogue import bulk_http as catalogue
from yiwang.sharing.evaluation import http as evaluation
from yiwang.sharing.exchange import http as exchange
from yiwang.sharing.files import http as files
from yiwang.sharing.files import order_http as deliveries
from yiwang.sharing.gateway import http as gateway
from yiwang.sharing.grants import http as grants
from yiwang.sharing.ledger import http as ledger
from yiwang.sharing.libraries import http as libraries
from yiwang.sharing.lineage import http as lineage
from yiwang.sharing.opening import http as opening
from yiwang.sharing.quality import http as quality
from yiwang.sharing.sources import http as sources


def routes() -> list[BaseRoute]:
    return [
        *catalogue.routes(),
        *ledger.routes(),
        *lineage.routes(),
        *grants.routes(),
        *gateway.routes(),
        *files.routes(),
        *deliveries.routes(),
        *opening.routes(),
        *sources.routes(),
        *quality.routes(),
        *libraries.routes(),
        *exchange.routes(),
        *evaluation.routes(),
    ]


def busy_routes() -> list[Route]:
    return gateway.busy_routes()
