"""The conversation of the system on one screen: who listens to what, and who offers what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.routing import BaseRoute, Route

from yiwang.cases import http as cases_http
from yiwang.cases import notifying
from yiwang.cases import ports as case_ports
from yiwang.cases import service as cases
from yiwang.cases.emergency import alerts_http as emergency_alerts_http
from yiwang.cases.emergency import catalogue as emergency_plans
from yiwang.cases.emergency import http as emergency_http
from yiwang.cases.emergency import tasks as emergency_tasks
from yiwang.cases.hotline import http as hotline_http
from yiwang.cases.hotline import knowledge_http
from yiwang.cases.learning import http as learning_http
from yiwang.cases.learning.apart import Apart
from yiwang.cases.learning.proposals import Proposer
from yiwang.cases.learning.service import Schedule
from yiwang.cases.likeness import http as likeness_http
from yiwang.cases.likeness import proposing
from yiwang.cases.offers import http as offers_http
from yiwang.cases.offers import service as offers
from yiwang.cases.open311 import http as open311_http
from yiwang.cases.quality import opening as quality_cases
from yiwang.cases.scoring import http as scoring_http
from yiwang.cases.scoring import results
from yiwang.cases.scoring.daily import Rounds
from yiwang.cases.storms import announced
from yiwang.cases.storms import http as storms_http
from yiwang.cases.tasks import http as tasks_http
from yiwang.cases.tasks import reminding
from yiwang.cases.versions import http as versions_http
from yiwang.cases.versions import service as versions
from yiwang.console import http as console_http
from yiwang.console.live import Live
from yiwang.contracts.ports import CaseDirectory, FindingExplainer, PersonNames
from yiwang.notices import http as notices_http
from yiwang.notices.runtime import Notices
from yiwang.packs import http as packs_http
from yiwang.packs import service as packs
from yiwang.packs.city import City
from yiwang.packs.library import Library
from yiwang.packs.model import Pack
from yiwang.registry import editing
from yiwang.registry import http as registry_http
from yiwang.registry import service as registry
from yiwang.rules import http as rules_http
from yiwang.rules import service as rules
from yiwang.rules.explain import Explainer
from yiwang.rules.judge import Judge
from yiwang.rules.parameters import Tuning
from yiwang.rules.sites import RegistrySites
from yiwang.security.actions import Context
from yiwang.security.evidence.log import Log
from yiwang.security.protection.city import Protection
from yiwang.security.protection.sealing import FieldKeys
from yiwang.security.relay import GATHERED, GATHERS_S, Consumer
from yiwang.sensing import access_http
from yiwang.sensing import http as sensing_http
from yiwang.sensing import service as sensing
from yiwang.sensing.fleet import limits
from yiwang.sensing.fleet.alarms import Alarms
from yiwang.sensing.fleet.daily import Daily
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.protocols import http as protocols_http
from yiwang.sensing.sta import download
from yiwang.sensing.sta import http as sta_http
from yiwang.sharing import hearing as sharing_hearing
from yiwang.sharing import pages as sharing
from yiwang.sharing.catalogue.search import service as catalogue_search
from yiwang.sharing.evaluation import daily as evaluation
from yiwang.sharing.evaluation import schemes as evaluation_schemes
from yiwang.sharing.exchange.running import Means
from yiwang.sharing.exchange.runtime import Exchanges
from yiwang.sharing.exchange.using import Users
from yiwang.sharing.files.making import Maker
from yiwang.sharing.files.sealer import Sealer
from yiwang.sharing.files.shelf import Shelf
from yiwang.sharing.gateway import usage
from yiwang.sharing.grants import service as grants
from yiwang.sharing.libraries import runtime as libraries
from yiwang.sharing.opening import counting as open_counting
from yiwang.sharing.quality import watching as quality
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.uses import Uses
from yiwang.sharing.sources.vault import Vault
from yiwang.store.blobs import Blobs
from yiwang.store.outbox import Delivery
from yiwang.web import evidence as evidence_http
from yiwang.web import protection as protection_http
from yiwang.web.live import Hub

if TYPE_CHECKING:
    from yiwang.app import Platform


class Domains:
    """The domains' running parts, built with what they need of one another."""

    def __init__(self, platform: Platform) -> None:
        database, sensed = platform.database, platform.sensing
        self.cases = cases.Cases(database)
        settings = platform.settings
        self.case_ports = case_ports.of_home(settings)
        self.learning_apart = Apart(settings)
        self.learning = Schedule(
            platform.caller("learning"),
            self.case_ports[Proposer],
            settings.learn_days,
            self.learning_apart.run,
        )
        self.assessment = Rounds()
        self.open_counting = open_counting.Counting(ZoneInfo(settings.time_zone))
        self.usage = usage.Usage(ZoneInfo(settings.time_zone))
        self.evaluation = evaluation.Rounds()
        self.inspector = quality.Inspector(platform.caller("quality"))
        self.librarian = libraries.Librarian(platform.caller("libraries"))
        self.sources = Sources(
            Vault(settings.home / "keys" / "sources"), settings.home, settings.time_zone
        )
        zone = ZoneInfo(settings.time_zone)
        self.protection = Protection(settings.home)
        self.datasets = Datasets(settings.datasets_url, zone, FieldKeys(settings.home))
        ends = (self.sources, self.datasets)
        means = Means(database, platform.clock, *ends, zone, self.protection)
        self.exchanges = Exchanges(means)
        self.files = Maker(platform.caller("files"))
        self.sealer = Sealer(platform.caller("files"))
        self.judge = Judge(
            database,
            platform.clock,
            sensed.observations,
            sensed.channels,
            sensed.intake,
            RegistrySites(platform.caller("rules")),
            platform.settings.home / "rules",
        )
        self.catalogue_search = catalogue_search.Search()
        self.live = Live(platform.caller("console"), platform.hub, sensed)
        self.notices = Notices(
            platform.settings,
            database,
            platform.clock,
            platform.hub,
            simulated=platform.simulated,
        )
        dated = limits.load(platform.settings.home)
        rounds = (Alarms(dated), Daily(dated, ZoneInfo(platform.settings.time_zone)))
        self.watch = Watch(platform.caller("devices"), sensed.health, rounds)
        sensed.keep_from = self.judge.keep_from
        self.evidence = Log.of(settings, database, platform.clock)
        sensed.intake.listen(lambda _: self.judge.wake())


def ports(platform: Platform) -> dict[type, Any]:
    """What the domains offer one another, by Protocol."""
    domains = platform.domains
    return {
        Blobs: platform.blobs,
        Hub: platform.hub,
        Library: platform.library,
        CaseDirectory: domains.cases,
        **domains.case_ports,
        evaluation_schemes.Schemes: evaluation_schemes.load(platform.settings.home),
        Watch: domains.watch,
        Log: domains.evidence,
        Sources: domains.sources,
        Uses: Users(),
        Datasets: domains.datasets,
        catalogue_search.Search: domains.catalogue_search,
        usage.Usage: domains.usage,
        open_counting.Counting: domains.open_counting,
        Protection: domains.protection,
        Shelf: Shelf(platform.settings),
        FieldKeys: FieldKeys(platform.settings.home),
        Means: domains.exchanges.means,
        PersonNames: registry.Names(platform.caller("session")),
        FindingExplainer: Explainer(platform.caller("explain")),
        **platform.sensing.ports(),
        **domains.live.ports(),
        **domains.notices.ports(),
    }


def consumers(platform: Platform) -> list[Consumer]:
    """Who hears of what has happened, in this order."""

    def devices_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.sensing.changed()
        if platform.mqtt is not None:
            platform.mqtt.refresh()
        if platform.field is not None:
            platform.field.refresh()

    def devices_renamed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.sensing.changed()
        if platform.mqtt is not None:
            platform.mqtt.refresh(anew=True)

    def credentials_revoked(ctx: Context, deliveries: list[Delivery]) -> None:
        if platform.mqtt is not None:
            platform.mqtt.expel([name for one in deliveries for name in one.body["names"]])

    def areas_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.sensing.roster.forget()

    def entities_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        if platform.mqtt is not None and platform.mqtt.updates is not None:
            platform.mqtt.updates.delivered([one.body for one in deliveries])

    def rules_changed(ctx: Context, deliveries: list[Delivery]) -> None:
        platform.domains.judge.changed()

    changes = ("datastreams.changed", "packs.changed")
    gathering = partial(Consumer, gathers=GATHERS_S, most=GATHERED, anywhere=True)
    return [
        Consumer("cases.findings", cases.TOPICS, cases.consume),
        Consumer("cases.works", announced.TOPICS, announced.consume),
        Consumer("cases.devices", cases.TROUBLE_TOPICS, cases.consume_troubles),
        Consumer("cases.quality", quality_cases.TOPICS, quality_cases.consume),
        gathering("cases.likeness", proposing.TOPICS, proposing.consume, prepare=proposing.prepare),
        gathering("cases.results", results.TOPICS, results.consume, prepare=results.prepare),
        Consumer("sensing.devices", changes, devices_changed),
        Consumer("sensing.names", ("devices.changed",), devices_renamed),
        Consumer("sensing.areas", ("registry.changed",), areas_changed),
        Consumer("sensing.credentials", ("credentials.revoked",), credentials_revoked),
        Consumer("mqtt.entities", ("entities.changed",), entities_changed),
        Consumer("rules.wiring", (*changes, "registry.changed"), rules_changed),
        *sharing_hearing.consumers(),
        platform.domains.live.consumer(),
        gathering("cases.offers", offers.TOPICS, offers.follow),
        gathering("cases.notices", notifying.TOPICS, notifying.tell, prepare=notifying.prepare),
        platform.domains.notices.consumer(),
    ]


def routes() -> list[BaseRoute]:
    """Every page of the domains, the busiest first; the console takes what is left."""
    return [
        *sta_http.routes(),
        *registry_http.routes(),
        *sensing_http.routes(),
        *protocols_http.routes(),
        *access_http.routes(),
        *download.routes(),
        *rules_http.routes(),
        *emergency_http.routes(),
        *emergency_alerts_http.routes(),
        *learning_http.routes(),
        *storms_http.routes(),
        *versions_http.routes(),
        *likeness_http.routes(),
        *cases_http.routes(),
        *open311_http.routes(),
        *offers_http.routes(),
        *tasks_http.routes(),
        *hotline_http.routes(),
        *knowledge_http.routes(),
        *scoring_http.routes(),
        *sharing.routes(),
        *notices_http.routes(),
        *evidence_http.routes(),
        *protection_http.routes(),
        *packs_http.routes(),
        *console_http.routes(),
    ]


def busy_routes() -> list[Route]:
    """Those of ``routes`` that are tried first, past the layers of the others."""
    return [*cases_http.routes(), *sharing.busy_routes()]


def pack_domains() -> list[packs.Domain]:
    """How each domain takes up a pack's sections, in the order in which they refer."""
    return [
        packs.Domain(_install_kinds, sensing.remove_kinds),
        packs.Domain(_install_event_classes, _keep_event_classes),
        packs.Domain(_install_cases, cases.remove_classes),
        packs.Domain(_install_plans, emergency_plans.remove_plans),
        packs.Domain(_install_rules, rules.remove),
    ]


def _install_kinds(ctx: Context, pack: Pack, city: City) -> None:
    def titles(path: str, names: list[str]) -> dict[str, dict[str, str]]:
        found = {
            name: {lang: pack.texts.find((path, name), lang) for lang in ("zh-CN", "en")}
            for name in names
        }
        return {name: each for name, each in found.items() if any(each.values())}

    kinds = pack.devices.kinds.values()
    properties = [item.name for kind in kinds for item in kind.properties]
    properties += [item.name for kind in kinds for item in kind.computed]
    sensing.install_kinds(
        ctx,
        pack.name,
        pack.devices,
        titles("kinds", list(pack.devices.kinds)),
        titles("properties", properties),
        _opened(pack),
    )


def _opened(pack: Pack) -> dict[str, set[str]]:
    """The properties that a pack's sharing opens to everybody, by kind of device."""
    found: dict[str, set[str]] = {}
    for resource in pack.sharing.values():
        if resource.source != "observations" or not resource.open:
            continue
        for kind in resource.kinds or pack.devices.kinds:
            declared = pack.devices.kinds[kind]
            names = {item.name for item in declared.properties}
            names |= {item.name for item in declared.computed}
            wanted = set(resource.properties) or names
            found.setdefault(kind, set()).update(names & wanted)
    return found


def _install_event_classes(ctx: Context, pack: Pack, city: City) -> None:
    records = [one.record() for one in pack.cases.event_classes]
    if records:
        editing.put(ctx, "classes", records, pack.shown)


def _keep_event_classes(ctx: Context, pack: str) -> None:
    """The city's taxonomy keeps its classes: cases and statistics refer to them."""


def _install_cases(ctx: Context, pack: Pack, city: City) -> None:
    cases.install_classes(ctx, pack.name, pack.cases.classes)


def _install_plans(ctx: Context, pack: Pack, city: City) -> None:
    emergency_plans.install_plans(ctx, pack.name, pack.plans)


def _install_rules(ctx: Context, pack: Pack, city: City) -> None:
    changes = [
        Tuning(change.parameter, change.since, change.value, change.who, change.why, ctx.now)
        for change in city.changes
    ]
    rules.install(ctx, pack.name, pack.version, pack.rules, pack.texts.find, changes)


def rounds(platform: Platform) -> list[Callable[[], object]]:
    """What time alone brings about: silence is found, deadlines pass. None needs another."""
    domains, caller = platform.domains, platform.caller
    return [
        lambda: domains.judge.advance_to(platform.clock.now()),
        lambda: cases.release(caller("silences")),
        lambda: cases.sweep(caller("deadlines")),
        lambda: offers.sweep(caller("offers")),
        lambda: domains.assessment(caller("assessment")),
        domains.notices.prune,
        lambda: versions.sweep(caller("versions")),
        lambda: emergency_tasks.sweep(caller("emergency")),
        lambda: reminding.sweep(caller("tasks")),
        domains.learning.look,
        domains.inspector.look,
        domains.librarian.look,
        domains.exchanges.look,
        domains.files.look,
        domains.sealer.look,
        domains.evidence.round,
        lambda: catalogue_search.refresh(caller("catalogue")),
        lambda: grants.sweep(caller("grants")),
        lambda: domains.evaluation(caller("evaluation")),
        lambda: usage.flush(caller("gateway"), domains.usage),
        lambda: open_counting.flush(caller("opening"), domains.open_counting),
    ]
