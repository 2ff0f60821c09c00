"""What stewards ask of protection: labels, and proposals for the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yiwang.kernel import text
from yiwang.security.actions import Context, query
from yiwang.security.protection.assistant import Column, Proposal, propose
from yiwang.security.protection.city import Protection
from yiwang.security.protection.labels import Label


@query("protection.labels", permission="sharing.read")
def list_labels(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """Every label with its class, grade and mask, in the words of a language."""
    return [_shown(one, lang) for one in ctx.port(Protection).labels.values()]


@query("protection.propose", permission="sharing.compile")
def propose_labels(
    ctx: Context, columns: Sequence[Column], title: str, rows: int
) -> list[Proposal]:
    """What the columns of a table seem to hold, by their names and some of their values."""
    return propose(columns, ctx.port(Protection).labels, title, rows)


def _shown(label: Label, lang: str) -> dict[str, Any]:
    return {
        "label": label.name,
        "title": label.title.get(lang) or label.name,
        "class": label.class_,
        "class_title": text.render(f"security.data_class.{label.class_}", lang, {}),
        "personal": label.personal,
        "sensitive": label.sensitive,
        "grade": label.grade,
        "grade_title": text.render(f"security.grade.{label.grade}", lang, {}),
        "mask": label.mask.method,
    }
