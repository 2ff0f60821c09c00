"""``sharing.yaml``: what is shared or opened. ``services.yaml``: what a citizen can see,
report and subscribe to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.documents import MissingKey, Section
from yiwang.packs.manifest import LABELS
from yiwang.packs.problems import Problems, titles

SHARING = "sharing.yaml"
SERVICES = "services.yaml"
SHARES = ("none", "conditional", "unconditional")
"""The share types of the government resource catalogue (共享类型), narrowest first."""
UPDATES = ("realtime", "hourly", "daily", "weekly", "monthly", "yearly")
SOURCES = ("observations", "findings", "cases")
FINDING_FIELDS = (
    "place",
    "thing",
    "title",
    "severity",
    "state",
    "raised_at",
    "cleared_at",
    "lon",
    "lat",
    "values",
)
NEEDS = ("location", "photo", "text", "contact")
FOLLOWED_BY = ("place", "grid", "street", "district")


@dataclass(frozen=True)
class Resource:
    """One entry of the resource catalogue (资源目录)."""

    name: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    source: str
    kinds: tuple[str, ...]
    properties: tuple[str, ...]
    rules: tuple[str, ...]
    fields: tuple[str, ...]
    share: str
    condition: Mapping[str, str]
    open: bool
    update: str
    label: str
    basis: str
    where: str = ""


@dataclass(frozen=True)
class View:
    name: str
    title: Mapping[str, str]
    resource: str
    where: str = ""


@dataclass(frozen=True)
class Report:
    case_class: str
    title: Mapping[str, str]
    needs: tuple[str, ...]
    where: str = ""


@dataclass(frozen=True)
class Subscription:
    rule: str
    title: Mapping[str, str]
    by: str
    only: str
    where: str = ""


@dataclass(frozen=True)
class ServicesSpec:
    views: Mapping[str, View] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()


def read_sharing(folder: Path, problems: Problems, shown: str = "") -> dict[str, Resource]:
    """The sharing section of a pack folder; what is wrong goes to ``problems``."""
    found: dict[str, Resource] = {}
    if not (folder / SHARING).is_file():
        return found
    with problems.caught():
        top = documents.load(folder / SHARING, f"{shown or folder}/{SHARING}")
        body = top.section("resources")
        top.finish()
        for name in body.keys():  # noqa: SIM118
            with problems.caught():
                found[name] = _resource(body.section(name), name)
    return found


def _resource(section: Section, name: str) -> Resource:
    share = section.choice("share", SHARES)
    condition = titles(section, "condition")
    if share == "conditional" and not condition:
        raise MissingKey(section.where, key="condition", section=f"resources.{name}")
    found = Resource(
        name=name,
        title=titles(section),
        summary=titles(section, "summary"),
        source=section.choice("from", SOURCES),
        kinds=_list(section, "kinds"),
        properties=_list(section, "properties"),
        rules=_list(section, "rules"),
        fields=_list(section, "fields", FINDING_FIELDS),
        share=share,
        condition=condition,
        open=section.take("open", bool),
        update=section.choice("update", UPDATES),
        label=section.choice("label", LABELS),
        basis=section.text("basis"),
        where=section.where,
    )
    section.finish()
    return found


def read_services(folder: Path, problems: Problems, shown: str = "") -> ServicesSpec:
    """The services section of a pack folder; what is wrong goes to ``problems``."""
    views: dict[str, View] = {}
    reports: list[Report] = []
    subscriptions: list[Subscription] = []
    if not (folder / SERVICES).is_file():
        return ServicesSpec()
    with problems.caught():
        top = documents.load(folder / SERVICES, f"{shown or folder}/{SERVICES}")
        body = top.section("views")
        for name in body.keys():  # noqa: SIM118
            with problems.caught():
                views[name] = _view(body.section(name), name)
        for item in top.items("reports"):
            with problems.caught():
                reports.append(_report(item))
        for item in top.items("subscriptions"):
            with problems.caught():
                subscriptions.append(_subscription(item))
        top.finish()
    return ServicesSpec(views, tuple(reports), tuple(subscriptions))


def _view(section: Section, name: str) -> View:
    found = View(name, titles(section), section.text("resource"), section.where)
    section.finish()
    return found


def _report(section: Section) -> Report:
    found = Report(
        section.text("case_class"), titles(section), _list(section, "needs", NEEDS), section.where
    )
    section.finish()
    return found


def _subscription(section: Section) -> Subscription:
    found = Subscription(
        section.text("rule"),
        titles(section),
        section.choice("by", FOLLOWED_BY),
        section.choice("only", ("anyone", "owner"), "anyone"),
        section.where,
    )
    section.finish()
    return found


def _list(section: Section, key: str, options: tuple[str, ...] | None = None) -> tuple[str, ...]:
    given = section.take(key, list, [])
    for word in given:
        if options is not None and word not in options:
            allowed = ", ".join(options)
            raise documents.NotAllowed(section.place(key), key=key, value=word, options=allowed)
    return tuple(str(word) for word in given)
