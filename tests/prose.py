"""Prose that the source gives to errors, found by reading it."""

from __future__ import annotations

import ast
import re
from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yiwang

SOURCE = Path(yiwang.__path__[0])
Held = MutableMapping[str, list[str]]
_MEASURE = re.compile(r"\b\d+ (KiB|MiB|kB|s)\b|\bHTTP 0")
_BESIDE_A_WORD = re.compile(r"[A-Za-z\d)}…] +[A-Za-z]|[A-Za-z] +[\d({]")


def is_prose(written: str) -> bool:
    """Whether it is more than names, signs and measures; a list of names is not."""
    return _BESIDE_A_WORD.search(_MEASURE.sub("", written).replace(", ", ",")) is not None


@dataclass
class Module:
    """What matters of a module, read in one walk. ``held``: the strings that a name stands
    for where a call is made."""

    file: Path
    bases: dict[str, set[str]] = field(default_factory=dict)
    returned: dict[str, set[str]] = field(default_factory=dict)
    calls: list[tuple[ast.Call, Held]] = field(default_factory=list)
    strings: set[str] = field(default_factory=set)

    @property
    def part(self) -> str:
        return "/".join(self.file.parts[:-1][:2]) or self.file.stem

    def walk(self, node: ast.AST, held: Held) -> None:
        for child in ast.iter_child_nodes(node):
            inner = held
            match child:
                case ast.ClassDef():
                    self.bases[child.name] = {_name(base) for base in child.bases}
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    inner = ChainMap({}, held)
                    names = _kinds(child.returns)
                    self.returned[child.name] = self.returned.get(child.name, set()) | names
                case ast.Assign([ast.Name(name)], value):
                    held[name] = [*held.get(name, ()), *_written(value)]
                case ast.Call():
                    self.calls.append((child, held))
                case ast.Constant(str(value)):
                    self.strings.add(value)
            self.walk(child, inner)

    def prose(self, makers: set[str]) -> set[str]:
        """What is given to errors as prose, itself or by a name."""
        return {
            written
            for call, held in self.calls
            if _name(call.func) in makers
            for value in (*call.args, *(keyword.value for keyword in call.keywords))
            for written in _meant(value, held)
            if is_prose(written)
        }

    def asked(self) -> Iterator[tuple[str, set[str]]]:
        """The texts that ``phrase`` and the ``words`` of a module of errors are asked for, each
        with the fields that it is given."""
        lists = {"phrase": "kernel.phrases"}
        if self.part in _WORDED:
            lists["words"] = _WORDED[self.part]
        for call, _ in self.calls:
            name = _name(call.func)
            if name in lists and call.args and isinstance(call.args[0], ast.Constant):
                fields = {str(keyword.arg) for keyword in call.keywords}
                yield f"{lists[name]}.{call.args[0].value}", fields


_WORDED = {
    "rules": "rules.rule_words",
    "sensing/fleet": "sensing.fleet_words",
    "sensing/mqtt": "sensing.sta_words",
    "sensing/sta": "sensing.sta_words",
    "sharing/exchange": "sharing.exchange_words",
    "sharing/libraries": "sharing.library_words",
    "sharing/quality": "sharing.quality_words",
    "sharing/sources": "sharing.source_words",
}
"""The list from which the errors of a part take their words."""


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
    return ""


def _kinds(returns: ast.expr | None) -> set[str]:
    """The classes that an annotation names, one of a module by its last name."""
    match returns:
        case None | ast.Constant():
            return set()
        case ast.Name() | ast.Attribute():
            return {_name(returns)}
    return set().union(*(_kinds(one) for one in ast.iter_child_nodes(returns)))  # type: ignore[arg-type]


def _written(value: ast.AST) -> Iterator[str]:
    """The strings of an expression, a field of an f-string as 0; not those that it calls with."""
    match value:
        case ast.Constant(str(written)):
            yield written
        case ast.JoinedStr(values):
            parts = (one.value if isinstance(one, ast.Constant) else "0" for one in values)
            yield "".join(map(str, parts))
        case ast.Call():
            return
        case _:
            for child in ast.iter_child_nodes(value):
                yield from _written(child)


def _meant(value: ast.expr, held: Held) -> Iterator[str]:
    if isinstance(value, ast.Name):
        yield from held.get(value.id, ())
    else:
        yield from _written(value)


@cache
def modules() -> list[Module]:
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        module = Module(file.relative_to(SOURCE))
        module.walk(ast.parse(file.read_text(encoding="utf-8")), {})
        found.append(module)
    return found


@cache
def makers() -> set[str]:
    """The names of errors, and of the functions that make one."""
    known: set[str] = set()
    more = {"YiwangError"}
    while more - known:
        known |= more
        more = {name for one in modules() for name, bases in one.bases.items() if bases & known}
    for one in modules():
        known |= {name for name, names in one.returned.items() if names and names <= known}
    return known


def found() -> dict[str, list[str]]:
    """The prose by part of the product."""
    told: dict[str, list[str]] = {}
    for module in modules():
        for one in sorted(module.prose(makers())):
            told.setdefault(module.part, []).append(f"{module.file}: {one}")
    return told
