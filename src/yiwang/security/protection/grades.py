"""Classes and grades of data after GB/T 43697. Pure."""

from __future__ import annotations

from collections.abc import Iterable

GRADES = ("general_1", "general_2", "general_3", "general_4", "important", "core")
"""From the lowest: general data in the four grades of annex H, important data, core data."""

PERSONAL = (
    *("basic", "identity", "biometric", "network_identity", "health", "education_work"),
    *("property", "communication", "contacts", "browsing", "device", "location", "tags", "other"),
)
"""Classes of personal information (annex B)."""
CLASSES = (*PERSONAL, "business", "management", "operations")
"""And of other data by what it describes (annex A)."""

LEAST_PERSONAL, LEAST_SENSITIVE = "general_2", "general_4"
LEAST_SHARED = {"unconditional": "general_1", "conditional": "general_2", "none": "general_4"}
"""What data is graded at least, by whether departments may share it (annex H)."""

AS_IMPORTANT_ROWS = 10_000_000
"""People from which on whoever handles their data has the duties of one who handles important
data: Regulations on Network Data Security Management (2025), article 28."""


def highest(grades: Iterable[str]) -> str:
    """A table is graded as the highest of its columns (6.6)."""
    return max(grades, key=GRADES.index, default=GRADES[0])


def least(personal: bool, sensitive: bool, share_type: str = "unconditional") -> str:
    """The grade below which nobody may put it."""
    own = LEAST_SENSITIVE if sensitive else LEAST_PERSONAL if personal else GRADES[0]
    return highest([own, LEAST_SHARED[share_type]])


def opened(grade: str) -> bool:
    """Whether data of this grade may be opened to everybody without being made anonymous."""
    return grade == GRADES[0]
