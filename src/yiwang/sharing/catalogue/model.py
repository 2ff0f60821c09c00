"""Resources and their information items, codes of the national compiling guide, lifecycle: pure.

The guide is 政务信息资源目录编制指南（试行）, 发改高技〔2017〕1272号: a class code is made of 类
(1 digit), 项 (2), 目 (3) and 细目 (any length), a code of class code, "/" and a sequence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

SHARE_TYPES = ("unconditional", "conditional", "none")
"""无条件共享, 有条件共享, 不予共享."""
SHARE_MODES = ("api", "table", "file")
"""接口, 库表, 文件."""
OPEN_TYPES = ("none", "unconditional", "conditional")
CYCLES = (
    "realtime",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "half_yearly",
    "yearly",
    "irregular",
)
FORMATS = ("database", "sheet", "document", "image", "stream", "self_described")
"""数据库, 电子表格, 电子文件, 图形图像, 流媒体, 自描述格式."""
ITEM_TYPES = ("C", "N", "Y", "D", "T", "L", "M", "G")
"""字符型, 数值型, 货币型, 日期型, 日期时间型, 逻辑型, 备注型, 通用型."""
STATES = ("draft", "in_review", "published", "retired")

# Of 64 signs at most: a column holds it.
CLASS_CODE = re.compile(r"[1-9](?:\d{2}(?:\d{3}[0-9A-Za-z]{0,58})?)?")
COLUMN = re.compile(r"[^\W\d][\w$]{0,127}")
MOST_ITEMS = 2000


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An information item (信息项): a column of the resource. ``column`` is its technical name,
    ``label`` and ``grade`` are those of data protection, ``length`` in characters or digits."""

    name: str
    column: str
    type: str = "C"
    length: int | None = None
    label: str = ""
    grade: str = ""
    key: bool = False
    shared: bool = True
    opened: bool = False
    text: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a department writes about a resource. ``provider_code`` is the unified social credit
    code of its organisation; ``share_basis`` the law on which 不予共享 rests. The data lies in
    ``dataset`` (a table of Datasets), in ``table`` of a declared ``source``, or nowhere yet."""

    name: str
    class_code: str = ""
    organisation: int
    provider_code: str = ""
    summary: str = ""
    format: str = "database"
    share_type: str = "conditional"
    share_condition: str = ""
    share_basis: str = ""
    share_mode: str = "api"
    open_type: str = "none"
    open_condition: str = ""
    update_cycle: str = "irregular"
    dataset: str | None = None
    source: str | None = None
    table: str | None = None
    keywords: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


class Resource(Entry, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A resource as it is in force; before its first publication, as it is drafted.

    ``version`` is 0 until then. ``pending`` says how far the next version is (empty: there is
    none; draft; in_review) while this one stays in force. ``revision`` counts every change.
    """

    id: int
    code: str
    state: str
    pending: str = ""
    version: int = 0
    revision: int = 1
    made_at: int = 0
    changed_at: int = 0
    published_at: int | None = None
    retired_at: int | None = None

    @property
    def in_force(self) -> bool:
        return self.state == "published"

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that together name one row."""
        return tuple(item.column for item in self.items if item.key)

    def item(self, column: str) -> Item | None:
        return next((item for item in self.items if item.column == column), None)

    def entry(self) -> Entry:
        return entry_of(self)


def entry_of(resource: Entry) -> Entry:
    """What was written about a resource, without what the catalogue adds."""
    return Entry(**{name: getattr(resource, name) for name in Entry.__struct_fields__})


STEPS: Mapping[str, tuple[str, ...]] = {
    "submit": ("draft",),
    "withdraw": ("in_review",),
    "return": ("in_review",),
    "publish": ("in_review",),
    "discard": ("draft",),
    "revise": ("published",),
    "retire": ("published",),
}
"""Each step of a lifecycle, and the stages from which it may be taken."""
REVIEW_STEPS = ("return", "publish", "retire")


def stage(state: str, pending: str) -> str:
    """How far the version is that is worked on; the resource's own state where there is none."""
    return pending or state


def steps_from(state: str, pending: str) -> tuple[str, ...]:
    """The steps that a resource may take, whoever takes them."""
    return tuple(name for name, stages in STEPS.items() if stage(state, pending) in stages)


def parent(class_code: str) -> str:
    """The class above a class: 类 of 项, 项 of 目, 目 of 细目; empty above 类."""
    for length in (6, 3, 1):
        if len(class_code) > length:
            return class_code[:length]
    return ""


def code(class_code: str, sequence: int) -> str:
    """The code of a resource: class code, "/", sequence."""
    return f"{class_code}/{sequence:06}"
