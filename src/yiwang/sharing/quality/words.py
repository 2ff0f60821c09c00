"""What an issue says, in words."""

from __future__ import annotations

from yiwang.kernel import identifiers, text
from yiwang.sharing.quality.model import Issue

_IDENTIFIER = "identifier_"


def reason(issue: Issue, lang: str) -> str:
    """What is wrong, why it was taken for wrong, and where to look first."""
    fields = {"column": issue.column, "value": issue.value, "expected": issue.expected}
    fields |= issue.fields
    if issue.reason.startswith(_IDENTIFIER):
        kind = issue.reason.removeprefix(_IDENTIFIER)
        fault = identifiers.fault(kind, issue.value)
        fields["fault"] = "" if fault is None else fault.words(lang)
        return text.render("sharing.quality.reason.identifier", lang, fields)
    said = text.render(f"sharing.quality.reason.{issue.reason}", lang, fields)
    if issue.sure or "rounding" not in issue.fields:
        return said
    return f"{said} {text.render('sharing.quality.reason.rounding', lang, fields)}"
