"""The conversation of the system on one screen: who listens to what, and who offers what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute

from yiwang.cases import http as cases_http
from yiwang.cases import service as cases
from yiwang.contracts.ports import CaseDirectory
from yiwang.registry import http as registry_http
from yiwang.security.actions import Context
from yiwang.security.relay import Consumer
from yiwang.sensing import http as sensing_http
from yiwang.sensing.sta import http as sta_http
from yiwang.store.blobs import Blobs
from yiwang.store.outbox import Delivery
from yiwang.web.live import Hub

if TYPE_CHECKING:
    from yiwang.app import Platform


class Domains:
    """The domains' running parts, built with what they need of one another."""

    def __init__(self, platform: Platform) -> None:
        self.cases = cases.Cases(platform.database)


def ports(platform: Platform) -> dict[type, Any]:
    """What the domains offer one another, by Protocol."""
    return {
        Blobs: platform.blobs,
        Hub: platform.hub,
        **platform.sensing.ports(),
        CaseDirectory: platform.domains.cases,
    }


def consumers(platform: Platform) -> list[Consumer]:
    """Who hears of what has happened, in this order."""

    def sensing_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.sensing.changed()
        if platform.mqtt is not None:
            platform.mqtt.refresh()

    return [
        Consumer("cases.findings", cases.TOPICS, cases.consume),
        Consumer("sensing.limits", ("datastreams.changed", "packs.changed"), sensing_changed),
    ]


def routes() -> list[BaseRoute]:
    return [
        *registry_http.routes(),
        *sensing_http.routes(),
        *sta_http.routes(),
        *cases_http.routes(),
    ]


def maintain(platform: Platform) -> None:
    cases.sweep(platform.caller("deadlines"))
