"""What goes between the platform and the process that makes its changes: pickled objects over a
socket that only the two have, each behind its length."""

from __future__ import annotations

import pickle
from typing import Any

_LENGTH = 4


def packed(what: Any) -> bytes:
    content = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    return len(content).to_bytes(_LENGTH, "big") + content


class Unpacking:
    """Takes bytes as they come."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, data: bytes) -> list[Any]:
        """The objects that are whole now."""
        data = self._rest + data
        found, place = [], 0
        while len(data) >= (begin := place + _LENGTH):
            end = begin + int.from_bytes(data[place:begin], "big")
            if len(data) < end:
                break
            found.append(pickle.loads(memoryview(data)[begin:end]))
            place = end
        self._rest = data[place:]
        return found
