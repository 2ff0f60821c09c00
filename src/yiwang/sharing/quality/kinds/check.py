"""What every kind of rule offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from yiwang.sharing.quality.kinds.form import Form
from yiwang.sharing.quality.workbench import Subject, Tally, Workbench


class Check(ABC):
    """What a rule looks for. ``dimension``: one of ``model.DIMENSIONS``; ``form``: what ``read``
    takes."""

    dimension: ClassVar[str]
    form: ClassVar[Form]

    @abstractmethod
    def judge(self, bench: Workbench, subject: Subject) -> Iterator[Tally]:
        """Count and show what is wrong, part by part. Raises QualityError where the rule cannot
        be run on the table."""

    def others(self) -> tuple[str, ...]:
        """Codes of tables that it looks into besides the one it judges; an empty one is that."""
        return ()

    def alone(self) -> bool:
        """Whether each row is judged by itself, whatever the others are."""
        return False
