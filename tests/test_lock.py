"""What is locked is whole: set-up installs nothing that is not, on any Python that we support."""

from __future__ import annotations

from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCK = Path(__file__).parents[1] / "requirements.lock"
PYTHONS = "3.11.2", "3.12.3", "3.13.5", "3.14.0"


def _environment(python: str) -> dict[str, str]:
    short = python.rpartition(".")[0]
    return {**default_environment(), "python_version": short, "python_full_version": python}


def _locked(python: str) -> dict[str, Version]:
    """The version of each package that set-up installs there."""
    found = {}
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if "==" not in line:
            continue
        one = Requirement(line.rstrip("\\ "))
        if one.marker is None or one.marker.evaluate(_environment(python)):
            [pinned] = one.specifier
            found[canonicalize_name(one.name)] = Version(pinned.version)
    return found


def _asked() -> dict[str, list[Requirement]]:
    """What each package that is installed here asks for."""
    found = defaultdict(list)
    for one in distributions():
        found[canonicalize_name(one.name)] += [Requirement(text) for text in one.requires or ()]
    return found


@pytest.mark.parametrize("python", PYTHONS)
def test_what_a_locked_package_asks_for_is_locked(python: str) -> None:
    """But for packages that are locked in another version there, whose own needs are not known
    here."""
    locked, asked = _locked(python), _asked()
    lacking = [
        f"{name} asks for {wanted}"
        for name in locked
        for wanted in asked[name]
        if _holds(wanted, python)
        and not (
            (version := locked.get(canonicalize_name(wanted.name)))
            and wanted.specifier.contains(version, prereleases=True)
        )
    ]
    assert len(locked) > 100 and not lacking


def _holds(wanted: Requirement, python: str) -> bool:
    """Whether it is asked for there, without any extra."""
    environment = {**_environment(python), "extra": ""}
    return wanted.marker is None or wanted.marker.evaluate(environment)
