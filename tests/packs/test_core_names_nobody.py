"""No scenario and no city is named in the core: packs and data hold them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yiwang
from yiwang.packs.library import Library

SOURCE = Path(yiwang.__file__).parent
LEFT_OUT = (
    *("packs/builtin/", "demo/", "console/static/"),
    "kernel/identifiers/divisions.py",  # the table of GB/T 2260
)
COMMON = {"counter", "pump", "fire"}
"""Kinds and classes of packs that are ordinary English words of the core as well."""
CITIES = (
    "beijing", "shanghai", "guangzhou", "shenzhen", "hangzhou", "tianjin", "chongqing",
    "chengdu", "wuhan", "nanjing", "suzhou", "xiamen", "qingdao", "dalian", "ningbo", "jinan",
    "zhengzhou", "changsha", "hefei", "xian", "kunming", "guiyang", "haikou", "lanzhou",
    "北京", "上海", "广州", "深圳", "杭州", "天津", "重庆", "成都", "武汉", "南京", "苏州", "厦门",
    "青岛", "大连", "宁波", "济南", "郑州", "长沙", "合肥", "西安", "昆明", "贵阳", "海口", "兰州",
)  # fmt: skip
ZONE = re.compile(r"Asia/\w+")
"""A time zone is called after a city; that names a clock, not a customer."""


def _sources() -> dict[str, str]:
    """What works in every file of the core: of Python, all but comments and docstrings."""
    found = {}
    for path in sorted(SOURCE.rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        if path.suffix in (".py", ".yaml") and not name.startswith(LEFT_OUT):
            text = path.read_text(encoding="utf-8")
            working = "\n".join(_working(ast.parse(text))) if path.suffix == ".py" else text
            found[name] = ZONE.sub("", working).lower()
    return found


def _working(tree: ast.Module) -> Iterator[str]:
    """Every name and every string that is not a statement of its own."""
    idle = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in idle:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name


def _mentions(words: set[str]) -> list[str]:
    pattern = re.compile(
        "|".join(rf"(?<![a-z0-9_]){re.escape(word)}(?![a-z0-9_])" for word in sorted(words))
    )
    return [
        f"{name}: {match[0]}"
        for name, text in _sources().items()
        for match in pattern.finditer(text)
    ]


def test_no_pack_kind_or_class_of_a_pack(tmp_path: Path) -> None:
    library = Library(tmp_path)
    words: set[str] = set()
    for one in library.found():
        pack = library.pack(one.name)
        words |= {one.name, *pack.devices.kinds, *(entry.kind for entry in pack.inputs.values())}
        words |= {case_class.code.partition(".")[2] for case_class in pack.cases.classes}
    assert len(words) > 20
    assert _mentions({word for word in words - COMMON if word}) == []


def test_no_city() -> None:
    text = "\n".join(f"{name}\n{source}" for name, source in _sources().items())
    assert [city for city in CITIES if re.search(rf"(?<![a-z]){city}(?![a-z])", text)] == []
