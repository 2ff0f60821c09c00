"""Objects come out of the line as they went in, however their bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yiwang.security.line import Unpacking, packed


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
