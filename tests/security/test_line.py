"""Objects come out of the line as they went in, however their bytes are cut."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.security.line import Line, Unpacking, packed


@given(
    st.lists(st.one_of(st.binary(max_size=300), st.integers(), st.text(max_size=9))),
    st.lists(st.integers(1, 90)),
)
def test_whatever_the_cuts(sent: list[object], cuts: list[int]) -> None:
    content = b"".join(packed(one) for one in sent)
    unpacking, found = Unpacking(), list[object]()
    for cut in [*cuts, len(content)]:
        found += unpacking.add(content[:cut])
        content = content[cut:]
    found += unpacking.add(content)
    assert found == sent


def test_who_waits_gets_one_after_the_other_and_hears_of_the_end() -> None:
    one, other = (Line(end) for end in socket.socketpair())
    for what in ("a", ["b"], None):
        one.send(what)
    one.end.close()
    assert [other.receive() for _ in range(3)] == ["a", ["b"], None]
    with pytest.raises(EOFError):
        other.receive()
    with pytest.raises(OSError):
        other.send("c")
    other.end.close()
