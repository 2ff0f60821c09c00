"""Which files a pack may hold: no code, nothing unknown, nothing outside its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from yiwang.kernel.errors import YiwangError
from yiwang.packs.errors import (
    CodeFile,
    EmptySection,
    LeavesFolder,
    MissingFile,
    UndeclaredSection,
    UnknownFile,
)
from yiwang.packs.manifest import FILE, SECTIONS, Manifest
from yiwang.packs.problems import nearest

_REQUIRED = (FILE, "README.md", "CHANGELOG.md")
_OPTIONAL = ("LICENSE", "NOTICE")
_FOLDERS = {
    "parameters": r"[a-z][a-z0-9_]*\.yaml",
    "rules": r"[a-z][a-z0-9_]*\.yaml",
    "stories": r"[a-z][a-z0-9_]*\.yaml",
    "text": r"(zh-CN|en)\.yaml",
    "recordings": r"[\w.-]+\.(jsonl|json|csv|txt|hex|bin|md)",
}
_CODE = {
    ".py", ".pyc", ".so", ".js", ".mjs", ".ts", ".sh", ".bat", ".ps1", ".exe", ".dll", ".jar",
    ".sql", ".php", ".rb", ".pl", ".lua", ".wasm", ".html",
}  # fmt: skip


def examine(folder: Path, shown: str) -> Iterator[YiwangError]:
    """Every file that may not be there, and every one that must be and is not."""
    for name in _REQUIRED:
        if name != FILE and not (folder / name).is_file():
            yield MissingFile(f"{shown}/{name}", file=name)
    plain = {*_REQUIRED, *_OPTIONAL, *(path for path in SECTIONS.values() if "." in path)}
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        where = f"{shown}/{inside.as_posix()}"
        if not path.resolve().is_relative_to(root):
            yield LeavesFolder(where)
        elif path.is_file():
            if path.suffix.lower() in _CODE or _starts_program(path):
                yield CodeFile(where)
            elif not _known(inside, plain) and not _in_unknown_folder(inside):
                near = nearest(inside.as_posix(), [*plain, *(f"{name}/" for name in _FOLDERS)])
                yield UnknownFile(where, near=near)
        elif len(inside.parts) > 1 or inside.name not in _FOLDERS:
            yield UnknownFile(where, near=nearest(inside.name, _FOLDERS))


def examine_sections(folder: Path, shown: str, manifest: Manifest) -> Iterator[YiwangError]:
    """Sections that the manifest names and the folder lacks, and the other way round."""
    for name, path in SECTIONS.items():
        there = folder / path
        full = there.is_file() or (there.is_dir() and any(there.iterdir()))
        if full and name not in manifest.sections:
            yield UndeclaredSection(f"{shown}/{path}", section=name)
        if not full and name in manifest.sections:
            yield EmptySection(f"{shown}/{FILE}", section=name, path=path)


def _known(inside: Path, plain: set[str]) -> bool:
    if len(inside.parts) == 1:
        return inside.name in plain
    pattern = _FOLDERS.get(inside.parts[0])
    return (
        pattern is not None and len(inside.parts) == 2 and bool(re.fullmatch(pattern, inside.name))
    )


def _in_unknown_folder(inside: Path) -> bool:
    """Whether the folder itself was refused already."""
    return len(inside.parts) > 1 and inside.parts[0] not in _FOLDERS


def _starts_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith((b"#!", b"\x7fELF", b"MZ"))
