"""The assistant that finds personal and important data in columns, and says why. Pure.

It proposes; a person decides. Values, names and the table around a column each speak for a label,
and every proposal carries its evidence and how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from yiwang.kernel import text
from yiwang.security.protection import column_names, grades, values
from yiwang.security.protection.labels import Label, Labels
from yiwang.security.protection.values import DETECTORS, Count

SAMPLE = 1000
"""Distinct values of a column that are looked at."""
LEAST = 0.5
"""How sure a proposal is at least; others of at least ``LEAST_OTHER`` are told with it."""
LEAST_OTHER = 0.3
_CONTRADICTED = 0.35
_MANY_VALUES = 8


@dataclass(frozen=True)
class Evidence:
    """One reason. ``kind``: checksum, pattern, values, name, contradicted, table, scale, share."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def words(self, lang: str) -> str:
        return text.render(f"security.label_evidence.{self.kind}", lang, self.fields)


@dataclass(frozen=True)
class Proposal:
    """What a column seems to hold; ``others`` are labels that were nearly as likely."""

    column: str
    label: str
    grade: str
    confidence: float
    evidence: tuple[Evidence, ...]
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Column:
    """A column to look at: its name, what it is called for people, and some of its values."""

    name: str
    title: str = ""
    values: Sequence[Any] = ()


def sample(given: Iterable[Any]) -> list[str]:
    """Distinct values as text, in their order; lists and Arrow arrays and scalars alike."""
    found: dict[str, None] = {}
    for one in given:
        plain = one.as_py() if hasattr(one, "as_py") else one
        if plain is None:
            continue
        as_text = str(plain).strip()
        if as_text:
            found[as_text] = None
        if len(found) >= SAMPLE:
            break
    return list(found)


def propose(
    columns: Sequence[Column], labels: Labels, title: str = "", rows: int = 0
) -> list[Proposal]:
    """Labels for the columns of a table, those without a proposal left out. ``title`` is that of
    the table; ``rows`` how many it has, where it is known to have one for each person."""
    looked = [one for one in (_look(column, labels) for column in columns) if one is not None]
    looked = [_placed(one, looked, labels) for one in looked]
    facility = column_names.likeness([title], labels["critical_facility"].names)
    if facility[0] and any(one.label in ("longitude", "latitude") for one in looked):
        looked = [_important(one, facility[1]) for one in looked]
    if rows >= grades.AS_IMPORTANT_ROWS and any(labels[one.label].personal for one in looked):
        looked = [_scaled(one, labels, rows) for one in looked]
    return looked


def _look(column: Column, labels: Labels) -> Proposal | None:
    sampled = sample(column.values)
    counts = values.counted(sampled)
    names = [one for one in (column.name, column.title) if one]
    fits = column_names.best(names, {name: label.names for name, label in labels.items()})
    weighed = []
    for label in labels.values():
        sure, evidence = _weigh(label, counts, sampled, fits.get(label.name))
        if sure >= LEAST_OTHER:
            weighed.append((sure, _length(fits, label.name), label, evidence))
    weighed.sort(key=lambda one: (-round(one[0], 2), -one[1], one[2].name))
    if not weighed or weighed[0][0] < LEAST:
        return None
    sure, _, label, evidence = weighed[0]
    others = tuple((one[2].name, round(one[0], 2)) for one in weighed[1:4])
    return Proposal(column.name, label.name, label.grade, round(sure, 2), tuple(evidence), others)


def _length(fits: Mapping[str, tuple[float, str]], label: str) -> int:
    return len(fits[label][1]) if label in fits else 0


def _weigh(
    label: Label, counts: Mapping[str, Count], sampled: list[str], fit: tuple[float, str] | None
) -> tuple[float, list[Evidence]]:
    """How sure values and name together make of one label, and what they say."""
    from_values, evidence = _by_values(label, counts, sampled)
    if fit is None:
        return from_values, evidence
    from_name, word = fit
    evidence = [*evidence, Evidence("name", {"word": word})]
    can_be_known = label.finds in DETECTORS or label.values
    if can_be_known and from_values < 0.05 and len(sampled) >= _MANY_VALUES:
        from_name *= _CONTRADICTED
        evidence.append(Evidence("contradicted", {"total": len(sampled)}))
    return 1 - (1 - from_values) * (1 - from_name), evidence


def _by_values(
    label: Label, counts: Mapping[str, Count], sampled: list[str]
) -> tuple[float, list[Evidence]]:
    if label.values and sampled:
        hits = sum(one in label.values for one in sampled)
        count = Count(hits, len(sampled))
        sure = 0.9 * count.rate if count.rate >= 0.5 else 0.0
        return sure, [Evidence("values", vars(count))] if sure else []
    count = counts.get(label.finds, Count(0, 0))
    sure = values.sureness(label.finds, count) if count.hits else 0.0
    if not sure:
        return 0.0, []
    kind = "checksum" if label.finds in values.CHECKED else "pattern"
    return sure, [Evidence(kind, {"hits": count.hits, "total": count.total})]


_PEOPLE = frozenset({"person_name", "resident_id", "birth_date", "sex", "social_security_number"})
_ORGANISATIONS = frozenset({"credit_code", "organisation_name", "organisation_code"})
_ADDRESSES = frozenset({"home_address", "organisation_address"})


def _placed(one: Proposal, all_: Sequence[Proposal], labels: Labels) -> Proposal:
    """What the table around a column says of it: an address beside people is theirs, beside
    organisations alone it is public; coordinates with a person are where that person was."""
    found = {other.label for other in all_}
    people = found & _PEOPLE - {"person_name"} or (
        "person_name" in found and not found & _ORGANISATIONS
    )
    if one.label in _ADDRESSES and not any(each.kind == "name" for each in one.evidence):
        wanted = "home_address" if people else "organisation_address"
        return (
            _as(one, labels[wanted])
            if people or found & _ORGANISATIONS
            else _as(one, labels["home_address"])
        )
    if one.label == "organisation_address" and people and not found & _ORGANISATIONS:
        return _as(one, labels["home_address"])
    if one.label in ("longitude", "latitude") and people and {"longitude", "latitude"} <= found:
        return _as(one, labels["location_track"])
    return one


def _as(one: Proposal, label: Label) -> Proposal:
    if one.label == label.name:
        return one
    told = (*one.evidence, Evidence("table"))
    return replace(one, label=label.name, grade=label.grade, evidence=told)


def _important(one: Proposal, word: str) -> Proposal:
    if one.label not in ("longitude", "latitude"):
        return one
    told = (*one.evidence, Evidence("facility", {"word": word}))
    return replace(one, grade="important", evidence=told)


def _scaled(one: Proposal, labels: Labels, rows: int) -> Proposal:
    """Personal data of very many people is handled as important data is."""
    if not labels[one.label].personal:
        return one
    told = (*one.evidence, Evidence("scale", {"rows": rows}))
    return replace(one, grade=grades.highest([one.grade, "important"]), evidence=told)
