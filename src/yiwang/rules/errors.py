"""What can be wrong with a rule, a parameter or a question about findings."""

from typing import ClassVar

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import Wording

words = Wording("rules.rule_words")


class RuleError(YiwangError):
    """Base of what a pack's author can get wrong in rules/ and parameters/."""

    code: ClassVar[str] = "rules.rule"
    kind: ClassVar[Kind] = Kind.INVALID


class BadExpression(RuleError):
    code: ClassVar[str] = "rules.bad_expression"


class NotInLanguage(RuleError):
    code: ClassVar[str] = "rules.not_in_language"


class UnknownName(RuleError):
    code: ClassVar[str] = "rules.unknown_name"


class UnknownFunction(RuleError):
    code: ClassVar[str] = "rules.unknown_function"


class WrongArity(RuleError):
    code: ClassVar[str] = "rules.wrong_arity"


class WrongArgument(RuleError):
    code: ClassVar[str] = "rules.wrong_argument"


class CircularName(RuleError):
    code: ClassVar[str] = "rules.circular_name"


class UnitsDiffer(RuleError):
    code: ClassVar[str] = "rules.units_differ"


class BadDuration(RuleError):
    code: ClassVar[str] = "rules.bad_duration"


class BadParameterValue(RuleError):
    code: ClassVar[str] = "rules.bad_parameter_value"


class WrongParameterUnit(RuleError):
    code: ClassVar[str] = "rules.wrong_parameter_unit"


class UnknownUnit(RuleError):
    code: ClassVar[str] = "rules.unknown_unit"


class DatesNotAscending(RuleError):
    code: ClassVar[str] = "rules.dates_not_ascending"


class NameDiffersFromFile(RuleError):
    code: ClassVar[str] = "rules.name_differs_from_file"


class UnknownDeviceKind(RuleError):
    code: ClassVar[str] = "rules.unknown_device_kind"


class UnknownInput(RuleError):
    code: ClassVar[str] = "rules.unknown_input"


class NoCondition(RuleError):
    code: ClassVar[str] = "rules.no_condition"


class BadExample(RuleError):
    code: ClassVar[str] = "rules.bad_example"


class NoSuchRule(YiwangError):
    code: ClassVar[str] = "rules.no_such_rule"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchParameter(YiwangError):
    code: ClassVar[str] = "rules.no_such_parameter"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class NoSuchFinding(YiwangError):
    code: ClassVar[str] = "rules.no_such_finding"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class ParameterFixed(YiwangError):
    code: ClassVar[str] = "rules.parameter_fixed"
    kind: ClassVar[Kind] = Kind.INVALID


class OutsideBounds(YiwangError):
    code: ClassVar[str] = "rules.outside_bounds"
    kind: ClassVar[Kind] = Kind.INVALID


class ReasonNeeded(YiwangError):
    code: ClassVar[str] = "rules.reason_needed"
    kind: ClassVar[Kind] = Kind.INVALID


class InThePast(YiwangError):
    code: ClassVar[str] = "rules.in_the_past"
    kind: ClassVar[Kind] = Kind.INVALID
