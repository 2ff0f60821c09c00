"""Releases, licences and what a review for secrecy and privacy asks: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from yiwang.security.protection import grades
from yiwang.security.protection.labels import Labels
from yiwang.sharing.catalogue.model import Item, Resource
from yiwang.sharing.files.model import Version

LICENCES: Mapping[str, tuple[str, str]] = {
    "cc-by-4.0": (
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "cc0-1.0": (
        "Creative Commons Zero 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "odc-by-1.0": (
        "Open Data Commons Attribution 1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
    ),
}
"""By identifier: title, and where the text stands."""
LEAST_K = 5
"""Rows that must look alike in what others may know of a person."""
FORMATS = ("csv", "json", "xlsx")
MOST_FILES = 100
"""Versions of files that a release names."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A release in force. Only ``columns`` were looked at, and only they are open."""

    id: int
    resource: int
    version: int
    columns: tuple[str, ...]
    licence: str
    released_at: int


class Public(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as everybody sees it. ``files``: versions that its release names and that are
    still there."""

    resource: Resource
    opening: Opening
    items: tuple[Item, ...]
    files: tuple[Version, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in which its rows can be had; none where it has files alone."""
        return FORMATS if self.resource.dataset else ()

    def address(self, base: str, file: Version) -> str:
        """Where everybody gets a file."""
        return f"{base}/api/open/{self.name}/files/{file.id}"

    @property
    def name(self) -> str:
        """The name by which addresses and CKAN know it."""
        return self.resource.code.replace("/", "-").lower()


def may_be_opened(resource: Resource) -> bool:
    return resource.in_force and resource.open_type != "none" and resource.share_type != "none"


def public(resource: Resource, opening: Opening, files: Iterable[Version] = ()) -> Public | None:
    """What is open of a resource as it is in force; None where nothing is. A file holds all that
    was open when it was looked at: when a column is open no more, it is not either."""
    if not may_be_opened(resource):
        return None
    items = tuple(item for item in resource.items if item.opened and item.column in opening.columns)
    if not items:
        return None
    whole = len(items) == len(set(opening.columns))
    return Public(
        resource=resource, opening=opening, items=items, files=tuple(files) if whole else ()
    )


def findings(
    resource: Resource, labels: Labels, k: int | None, files: bool = False
) -> list[dict[str, Any]]:
    """What speaks against a release: ``column`` and ``why`` (a text under
    ``sharing.opening.why``). ``k``: of the smallest group of rows that look alike in the
    quasi-identifiers; None where there are none. ``files``: whether files are to be opened, which
    hold every column that is shared."""
    found = [_finding("", why) for why in _whole(resource)]
    for item in resource.items:
        if item.opened:
            found += [_finding(item.column, why) for why in _item(item, labels)]
        elif files and item.shared:
            found.append(_finding(item.column, "in_the_files"))
    if k is not None and k < LEAST_K:
        found.append(_finding("", "few_alike"))
    return found


def _whole(resource: Resource) -> Iterable[str]:
    if not resource.in_force:
        yield "not_in_force"
    if resource.open_type == "none" or resource.share_type == "none":
        yield "not_to_be_opened"
    if not any(item.opened for item in resource.items):
        yield "nothing_opened"


def _item(item: Item, labels: Labels) -> Iterable[str]:
    label = labels.get(item.label) if item.label else None
    if item.label and label is None:
        yield "unknown_label"
    if label is not None and label.personal:
        yield "personal"
    grade = item.grade or (label.grade if label else grades.GRADES[0])
    if grade not in grades.GRADES or not grades.opened(grade):
        yield "grade"


def _finding(column: str, why: str) -> dict[str, Any]:
    return {"column": column, "why": why}


def stars(rows: Sequence[int]) -> float | None:
    return round(sum(rows) / len(rows), 2) if rows else None
