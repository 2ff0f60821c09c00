"""The examples that rules carry, as a part of the check."""

from __future__ import annotations

from collections.abc import Iterator

from yiwang.kernel.errors import YiwangError
from yiwang.packs.errors import ExampleFailed
from yiwang.rules.examples import run_examples
from yiwang.rules.spec import RulesSpec


def run(rules: RulesSpec) -> Iterator[YiwangError]:
    """An error for each example that does not come out."""
    for outcome in run_examples(rules):
        if not outcome.passed:
            yield ExampleFailed(
                outcome.where,
                name=outcome.example,
                rule=outcome.rule,
                wanted=", ".join(outcome.expected) or "-",
                found=", ".join(outcome.got) or "-",
            )
