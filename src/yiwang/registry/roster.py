"""Duties by what they are looked for: the role, or the organisation whose people have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from yiwang.registry.model import Duty, Person


class Roster:
    """All duties, in the order in which they were given."""

    def __init__(self, duties: Sequence[Duty], people: Mapping[int, Person]) -> None:
        self._by_role: dict[str, list[Duty]] = defaultdict(list)
        self._by_unit: dict[int | None, list[tuple[Person, Duty]]] = defaultdict(list)
        for duty in duties:
            self._by_role[duty.role].append(duty)
            person = people.get(duty.person or 0)
            if person is not None:
                unit = duty.organisation or person.organisation
                self._by_unit[unit].append((person, duty))

    def of_role(self, role: str) -> Sequence[Duty]:
        return self._by_role.get(role, ())

    def of_unit(self, organisation: int) -> Sequence[tuple[Person, Duty]]:
        """The duties that people of an organisation have, or have for it."""
        return self._by_unit.get(organisation, ())
