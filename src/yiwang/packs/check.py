"""Checks a pack folder without a running system and collects everything that is wrong."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yiwang import __version__
from yiwang.cases import spec as cases_spec
from yiwang.cases.emergency import spec as plans_spec
from yiwang.cases.emergency.plans import Plan
from yiwang.cases.spec import CasesSpec
from yiwang.kernel.errors import YiwangError
from yiwang.packs import console_spec, crosscheck, inputs, manifest, offers, shape, storybook, texts
from yiwang.packs.errors import BadPack, NeedsNewer, NeedsPack, NotAPack
from yiwang.packs.inputs import Input
from yiwang.packs.manifest import Manifest
from yiwang.packs.model import Pack
from yiwang.packs.problems import Problems
from yiwang.rules import spec as rules_spec
from yiwang.rules.errors import UnknownDeviceKind, UnknownName
from yiwang.rules.spec import RulesSpec
from yiwang.sensing import spec as sensing_spec
from yiwang.sensing.spec import Devices

ExampleRunner = Callable[[RulesSpec], Iterable[YiwangError]]
"""Runs the examples of all rules and yields an error for each that does not come out."""


@dataclass(frozen=True)
class Checked:
    """A pack that may be used, or what is wrong with it."""

    name: str
    pack: Pack | None
    errors: tuple[YiwangError, ...] = ()

    def use(self) -> Pack:
        """Raises BadPack."""
        if self.pack is None or self.errors:
            where = self.pack.shown if self.pack else ""
            raise BadPack(where, self.name, list(self.errors))
        return self.pack


def check(
    folder: Path,
    shown: str = "",
    others: Mapping[str, str] | None = None,
    examples: ExampleRunner | None = None,
) -> Checked:
    """Read and check everything in a pack folder.

    ``shown`` stands for the folder in messages. ``others``: the versions of the other packs,
    None when they are not known. ``examples`` also runs the examples of the rules.
    """
    shown = shown or str(folder)
    if not folder.is_dir():
        return Checked(folder.name, None, (NotAPack(shown),))
    problems = Problems()
    about = _manifest(folder, shown, problems)
    for error in shape.examine(folder, shown):
        problems.add(error)
    pack = _read(folder, shown, about, problems)
    if pack is None:
        return Checked(folder.name, None, tuple(problems.errors))
    for error in shape.examine_sections(folder, shown, pack.manifest):
        problems.add(error)
    _needs(pack, others, problems)
    if not problems.errors:
        crosscheck.examine(pack, problems)
    if not problems.errors and examples is not None:
        for error in examples(pack.rules):
            problems.add(error)
    return Checked(pack.name, pack, tuple(problems.errors))


def _manifest(folder: Path, shown: str, problems: Problems) -> Manifest | None:
    with problems.caught():
        return manifest.read(folder, shown)
    return None


def _read(folder: Path, shown: str, about: Manifest | None, problems: Problems) -> Pack | None:
    before = len(problems.errors)
    filled_in = inputs.read(folder, problems, shown)
    places = place_inputs(filled_in) if len(problems.errors) == before else None
    devices = _devices(folder, shown, problems)
    rules = _rules(folder, shown, devices, places, problems)
    cases = _cases(folder, shown, problems)
    sharing = offers.read_sharing(folder, problems, shown)
    services = offers.read_services(folder, problems, shown)
    console = console_spec.read(folder, problems, shown)
    words = texts.read(folder, problems, shown)
    stories = tuple(storybook.read(folder, problems, shown))
    if about is None:
        return None
    return Pack(
        folder=folder,
        shown=shown,
        manifest=about,
        inputs=filled_in,
        devices=devices or Devices(),
        rules=rules,
        cases=cases,
        sharing=sharing,
        services=services,
        console=console,
        texts=words,
        plans=_plans(folder, shown, problems),
        stories=stories,
    )


def _needs(pack: Pack, others: Mapping[str, str] | None, problems: Problems) -> None:
    where = f"{pack.shown}/{manifest.FILE}"
    if not manifest.satisfies(__version__, pack.manifest.needs_yiwang):
        wanted = pack.manifest.needs_yiwang
        problems.add(NeedsNewer(where, wanted=wanted, have=__version__))
    for name, wanted in pack.manifest.needs_packs.items() if others is not None else ():
        have = (others or {}).get(name, "")
        if not have or not manifest.satisfies(have, wanted):
            problems.add(NeedsPack(where, pack=name, wanted=wanted or "-", have=have or "-"))


def _devices(folder: Path, shown: str, problems: Problems) -> Devices | None:
    with problems.caught():
        return sensing_spec.read(folder, shown)
    return None


def _cases(folder: Path, shown: str, problems: Problems) -> CasesSpec:
    with problems.caught():
        return cases_spec.read(folder, folder.name, f"{shown}/{cases_spec.FILE}")
    return CasesSpec()


def _plans(folder: Path, shown: str, problems: Problems) -> tuple[Plan, ...]:
    with problems.caught():
        return plans_spec.read(folder, folder.name, f"{shown}/{plans_spec.FILE}")
    return ()


def _rules(
    folder: Path,
    shown: str,
    devices: Devices | None,
    places: Mapping[str, rules_spec.PlaceInput] | None,
    problems: Problems,
) -> RulesSpec:
    """``devices`` and ``places`` are None where they could not be read: then what the rules
    say of them is not held against the rules."""
    kinds = device_kinds(devices or Devices())
    try:
        return rules_spec.read(folder, kinds, places, shown)
    except YiwangError:
        for error in _errors_of_each(folder, shown, kinds, places):
            if devices is not None or not isinstance(error, (UnknownName, UnknownDeviceKind)):
                problems.add(error)
    return RulesSpec()


def device_kinds(devices: Devices) -> dict[str, rules_spec.DeviceKind]:
    """The kinds of device in the form in which the rules take them."""
    return {
        kind.name: rules_spec.DeviceKind(
            {item.name: item.unit for item in kind.properties},
            {item.name: (item.expression, item.unit) for item in kind.computed},
        )
        for kind in devices
    }


def place_inputs(filled_in: Mapping[str, Input]) -> dict[str, rules_spec.PlaceInput]:
    """The inputs of type places in the form in which the rules take them."""
    return {
        name: rules_spec.PlaceInput(
            entry.kind, {key: field.type for key, field in entry.fields.items()}
        )
        for name, entry in filled_in.items()
        if entry.type == "places"
    }


def _errors_of_each(
    folder: Path,
    shown: str,
    kinds: Mapping[str, rules_spec.DeviceKind],
    places: Mapping[str, rules_spec.PlaceInput] | None,
) -> list[YiwangError]:
    """The errors of every rule and parameter file, each read by itself: the reader stops at
    the first. A name that is unknown only because its parameter is wrong is not told again."""
    found: list[YiwangError] = []
    wrong: set[str] = set()
    with tempfile.TemporaryDirectory() as scratch:
        whole, single = Path(scratch, "whole"), Path(scratch, "single")
        for path in (whole / "parameters", single / "parameters", single / "rules"):
            path.mkdir(parents=True)
        for file in sorted((folder / "parameters").glob("*.yaml")):
            copy = Path(shutil.copy(file, single / "parameters"))
            try:
                rules_spec.read(single, {}, places, shown)
                shutil.copy(file, whole / "parameters")
            except YiwangError as error:
                found.append(error)
                wrong.add(file.stem)
            copy.unlink()
        shutil.rmtree(single / "parameters")
        shutil.copytree(whole / "parameters", single / "parameters")
        for file in sorted((folder / "rules").glob("*.yaml")):
            copy = Path(shutil.copy(file, single / "rules"))
            try:
                rules_spec.read(single, kinds, places, shown)
            except YiwangError as error:
                if error.fields.get("name") not in {f":{one}" for one in wrong} | wrong:
                    found.append(error)
            copy.unlink()
    return found
