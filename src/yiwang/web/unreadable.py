"""What is wrong with a body that cannot be read, in the reader's words: msgspec says it in English,
and in few ways."""

from __future__ import annotations

import re

from yiwang.kernel.text import Words, phrase

_AT = r"(?: - at `(?P<at>[^`]*)`)?"
_SAID = {
    "body_lacks": re.compile(rf"Object missing required field `(?P<name>[^`]*)`{_AT}"),
    "body_has": re.compile(rf"Object contains unknown field `(?P<name>[^`]*)`{_AT}"),
    "body_kind": re.compile(rf"Expected `(?P<wanted>[^`]*)`, got `(?P<given>[^`]*)`{_AT}"),
    "body_value": re.compile(rf"Invalid enum value (?P<given>.*?){_AT}"),
    "body_instant": re.compile(rf"Invalid RFC3339 encoded datetime{_AT}"),
    "body_date": re.compile(rf"Invalid RFC3339 encoded date{_AT}"),
    "body_ends": re.compile(r"Input data was truncated"),
    "body_broken": re.compile(r"JSON is malformed: (?P<problem>.*)"),
}


def problem(error: Exception) -> Words | str:
    """``error`` of msgspec, with the place in the body; another one as it is."""
    for key, said in _SAID.items():
        found = said.fullmatch(str(error))
        if found is not None:
            fields = found.groupdict()
            if "at" in fields:
                fields["at"] = f" ({fields['at']})" if fields["at"] else ""
            return phrase(key, **fields)
    return str(error)
