"""``pack.yaml``: who and what, version, needs, sections used, permissions asked, data labels."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.packs.errors import BadConstraint, BadName, BadVersion, NoManifest, WrongName
from yiwang.packs.problems import titles

FILE = "pack.yaml"

SECTIONS: Mapping[str, str] = {
    "inputs": "inputs.yaml",
    "devices": "devices.yaml",
    "parameters": "parameters",
    "rules": "rules",
    "cases": "cases.yaml",
    "plans": "plans.yaml",
    "sharing": "sharing.yaml",
    "services": "services.yaml",
    "console": "console.yaml",
    "text": "text",
    "recordings": "recordings",
    "stories": "stories",
}
"""Each section and its file or folder."""

PERMISSIONS = ("observations.read", "findings.write", "cases.open")
"""What a pack may ask for: to judge observations, to raise findings, to open cases."""

LABELS = ("public", "internal", "personal", "sensitive")
"""Data labels: ``public`` may leave the city, ``internal`` its departments, ``personal`` says
something of a person, ``sensitive`` goes only to those whose duty it is."""

Version = tuple[int, int, int]

_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Manifest:
    """``data_labels`` are those that anything in the pack carries."""

    pack: str
    version: str
    title: Mapping[str, str]
    needs_yiwang: str
    needs_packs: Mapping[str, str]
    sections: tuple[str, ...]
    permissions: tuple[str, ...]
    data_labels: tuple[str, ...]
    maintainer: str = ""
    licence: str = ""


def read(folder: Path, shown: str = "") -> Manifest:
    """Raises NoManifest, and errors with file and line."""
    file = folder / FILE
    where = f"{shown or folder}/{FILE}"
    if not file.is_file():
        raise NoManifest(shown or str(folder))
    return parse(documents.load(file, where), folder.name)


def parse(top: Section, folder: str) -> Manifest:
    name = top.text("pack")
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,47}", name):
        raise BadName(top.place("pack"), name=name)
    if name != folder:
        raise WrongName(top.place("pack"), name=name, folder=folder)
    written = top.text("version")
    if version(written) is None:
        raise BadVersion(top.place("version"), version=written)
    needs = top.section("needs")
    packs = needs.section("packs")
    found = Manifest(
        pack=name,
        version=written,
        title=titles(top, "title"),
        needs_yiwang=_constraint(needs, "yiwang"),
        needs_packs={key: _constraint(packs, key) for key in packs.keys()},  # noqa: SIM118
        sections=_words(top, "sections", tuple(SECTIONS)),
        permissions=_words(top, "permissions", tuple(PERMISSIONS)),
        data_labels=_words(top, "data_labels", LABELS),
        maintainer=top.text("maintainer", ""),
        licence=top.text("licence", ""),
    )
    for section in (needs, packs, top):
        section.finish()
    return found


def version(text: str) -> Version | None:
    """``1.2`` or ``1.2.3`` as numbers, None for anything else."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def satisfies(given: str, constraint: str) -> bool:
    """Whether a version fulfils ``>=1.2, <2``; an empty constraint is fulfilled by all."""
    have = version(given)
    wanted = [_COMPARE[sign](have, limit) for sign, limit in _parts(constraint) if have]
    return have is not None and all(wanted)


def _parts(constraint: str) -> list[tuple[str, Version]]:
    found = []
    for part in filter(None, (one.strip() for one in constraint.split(","))):
        match = re.fullmatch(r"(>=|<=|==|>|<)\s*([\d.]+)", part)
        limit = version(match[2] if "." in match[2] else f"{match[2]}.0") if match else None
        if match is None or limit is None:
            raise ValueError(part)
        found.append((match[1], limit))
    return found


def _constraint(section: Section, key: str) -> str:
    text = section.text(key, "")
    try:
        _parts(text)
    except ValueError:
        raise BadConstraint(section.place(key), key=key, value=text) from None
    return text


def _words(section: Section, key: str, options: tuple[str, ...]) -> tuple[str, ...]:
    given = section.take(key, list, [])
    for word in given:
        if not isinstance(word, str):
            raise WrongType(section.place(key), key=key, value=word, wanted=phrase("list_of_words"))
        if word not in options:
            allowed = ", ".join(options)
            raise NotAllowed(section.place(key), key=key, value=word, options=allowed)
    return tuple(given)
