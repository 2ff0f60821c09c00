"""What functions (职能) are called: the words by which packs name who is responsible are codes,
and people read names. The usual ones have theirs in ``text/``; a city adds its own, or says
otherwise, in ``city/functions.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.kernel import documents
from yiwang.kernel.text import LANGUAGES, find
from yiwang.security.actions import Context


@dataclass(frozen=True)
class Functions:
    """The city's own names by code and language."""

    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def title(self, code: str, lang: str) -> str:
        """What a function is called; the code itself where nobody has given it a name."""
        named = self.own.get(code, {})
        given = named.get(lang) or find(f"registry.function.{code}", lang)
        return given or next(iter(named.values()), code)


def load(home: Path) -> Functions:
    """``CODE: {zh-CN: …, en: …}``, one language or both. Raises a DocumentError."""
    file = home / "city" / "functions.yaml"
    if not file.is_file():
        return Functions()
    top = documents.load(file)
    own = {}
    for code, body in top.sections():
        given = set(body.keys())
        own[code] = {lang: body.text(lang) for lang in LANGUAGES if lang in given}
        body.finish()
    top.finish()
    return Functions(own)


def title(ctx: Context, code: str, lang: str) -> str:
    """What a function is called in this city."""
    named: Functions = ctx.caller.ports.get(Functions) or _USUAL
    return named.title(code, lang)


_USUAL = Functions()
