"""What can be wrong with a rule of quality or with asking for its results."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording

words = Wording("sharing.quality_words")


class QualityError(YiwangError):
    """Base of what an author of rules can get wrong."""

    code: ClassVar[str] = "sharing.quality.rule"
    kind: ClassVar[Kind] = Kind.INVALID


class OneKind(QualityError):
    code: ClassVar[str] = "sharing.quality.one_kind"


class BadValue(QualityError):
    code: ClassVar[str] = "sharing.quality.bad_value"


class BadExpression(QualityError):
    code: ClassVar[str] = "sharing.quality.bad_expression"


class UnknownTable(QualityError):
    code: ClassVar[str] = "sharing.quality.unknown_table"


class UnknownColumn(QualityError):
    code: ClassVar[str] = "sharing.quality.unknown_column"


class UnitsDiffer(QualityError):
    code: ClassVar[str] = "sharing.quality.units_differ"


class NoSeries(QualityError):
    code: ClassVar[str] = "sharing.quality.no_series"


class BadData(QualityError):
    code: ClassVar[str] = "sharing.quality.bad_data"


class NoSuchRuleSet(QualityError):
    code: ClassVar[str] = "sharing.quality.no_such_rule_set"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class RulesChanged(QualityError):
    """There is such a rule set already, or somebody has written its next version meanwhile."""

    code: ClassVar[str] = "sharing.quality.rules_changed"
    kind: ClassVar[Kind] = Kind.CONFLICT


class NoSuchIssue(QualityError):
    code: ClassVar[str] = "sharing.quality.no_such_issue"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NotYours(QualityError):
    code: ClassVar[str] = "sharing.quality.not_yours"
    kind: ClassVar[Kind] = Kind.DENIED


class NothingToCheck(QualityError):
    code: ClassVar[str] = "sharing.quality.nothing_to_check"
    kind: ClassVar[Kind] = Kind.CONFLICT
