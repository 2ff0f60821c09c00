"""A scenario pack as it was read: every section, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.cases.emergency.plans import Plan
from yiwang.cases.spec import CasesSpec
from yiwang.packs.console_spec import ConsoleSpec
from yiwang.packs.inputs import Input
from yiwang.packs.manifest import Manifest
from yiwang.packs.offers import Resource, ServicesSpec
from yiwang.packs.storybook import Story
from yiwang.packs.texts import Texts
from yiwang.rules.spec import RulesSpec
from yiwang.sensing.spec import Devices


@dataclass(frozen=True)
class Pack:
    """One pack. ``shown`` is its folder as messages name it."""

    folder: Path
    shown: str
    manifest: Manifest
    inputs: Mapping[str, Input]
    devices: Devices
    rules: RulesSpec
    cases: CasesSpec
    sharing: Mapping[str, Resource]
    services: ServicesSpec
    console: ConsoleSpec
    texts: Texts
    plans: tuple[Plan, ...] = field(default=())
    stories: tuple[Story, ...] = field(default=())

    @property
    def name(self) -> str:
        return self.manifest.pack

    @property
    def version(self) -> str:
        return self.manifest.version

    def title(self, lang: str) -> str:
        return self.texts.find(("pack", "title"), lang) or self.manifest.title.get(lang, "")
