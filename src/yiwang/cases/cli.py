"""``yiwang explain case N``: the explanation as readable text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from yiwang.cases.explain import explain
from yiwang.kernel.text import render
from yiwang.security.actions import Caller

_MOST_OBSERVATIONS = 20


def print_explanation(caller: Caller, no: int, lang: str, console: Console) -> None:
    """Print why a case is as it is. Raises NoSuchCase."""
    console.print(tree(explain(caller, no, lang), lang))


def command(open_caller: Any) -> click.Command:
    """The command ``case``, for the group ``explain``. ``open_caller(home)`` is a context
    manager that gives a Caller."""

    @click.command("case")
    @click.argument("number", type=int)
    @click.option("--home", type=click.Path(), default=None, help="The home folder.")
    @click.option("--lang", type=click.Choice(["zh-CN", "en"]), default="en", show_default=True)
    def case(number: int, home: str | None, lang: str) -> None:
        """Say why case NUMBER is as it is: every step, its dispatch, its deadline and the
        observations that it began with."""
        with open_caller(home) as caller:
            print_explanation(caller, number, lang, Console())

    return case


def tree(found: Mapping[str, Any], lang: str) -> Tree:
    """The explanation as a tree of lines."""
    case = found["case"]
    top = Tree(
        f"[bold]{escape(_word('case', lang, no=case['no']))} {escape(case['title'])}[/bold]"
        f"  {escape(case['state_title'])} · {case['severity']}"
    )
    steps = top.add(_word("steps", lang))
    for line in found["timeline"]:
        steps.add(escape(_line(line)))
    sent = top.add(_word("dispatch", lang))
    for entry in found["dispatch"]["reason"]:
        sent.add(escape(entry))
    top.add(escape(f"{_word('deadline', lang)}: {found['deadline']['why']}"))
    sources = top.add(_word("sources", lang))
    for source in found["sources"]:
        branch = sources.add(escape(_source(source)))
        for text in _finding(source.get("explanation") or {}, lang):
            branch.add(escape(text))
    return top


def _line(line: Mapping[str, Any]) -> str:
    parts = [line["at"], line["step_title"], f"→ {line['state_title']}", line["actor"]]
    return "  ".join([*parts, *[text for text in (line["reason"], line["text"]) if text]])


def _source(source: Mapping[str, Any]) -> str:
    name = source["finding_key"] or source["text"]
    return "  ".join(part for part in (source["at"], name, source["how"]) if part)


def _finding(found: Mapping[str, Any], lang: str) -> Iterator[str]:
    """The rule's story in sentences and the observations judged; without a story, all that
    there is."""
    story = found.get("story", {}).get(lang)
    if story is None:
        yield from _lines(found)
        return
    yield from story
    seen = found.get("observations", [])
    for one in seen[:_MOST_OBSERVATIONS]:
        yield _word("observation", lang, **one)
    if len(seen) > _MOST_OBSERVATIONS:
        yield _word("more", lang, count=len(seen) - _MOST_OBSERVATIONS)


def _lines(value: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """A mapping as ``name: value`` lines, nested names joined by dots."""
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _lines(item, f"{before}{name}.")
        elif isinstance(item, list):
            for one in item[:10]:
                yield f"{before}{name}: {one}"
        else:
            yield f"{before}{name}: {item}"


def _word(name: str, lang: str, **fields: object) -> str:
    return render(f"cases.explain.{name}", lang, fields)
