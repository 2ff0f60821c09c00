"""Whatever a client sends: no adapter fails, hangs, or holds more than it may.

Bounded and with hypothesis here; ``make fuzz`` runs the same targets with atheris for longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.corpus import SEAL, SEEDS
from tests.fuzz.datagrams import Datagrams
from tests.fuzz.world import World
from yiwang.sensing.protocols.adapter import installed

BOUNDED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=sorted(SEEDS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(name: str) -> Iterator[World | Datagrams]:
    made = Datagrams() if name == "coap" else World(installed()[name])
    yield made
    made.close()


@st.composite
def spoilt(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Frames one after another, some bytes of them changed, left out or added."""
    data = bytearray(b"".join(draw(st.lists(st.sampled_from(seeds), min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


@BOUNDED
@given(data=st.data(), cut=st.integers(1, 400))
def test_spoilt_frames(world: World, name: str, data: st.DataObject, cut: int) -> None:
    world.take(data.draw(spoilt(SEEDS[name])), cut)


@BOUNDED
@given(data=st.binary(max_size=600), cut=st.integers(1, 400))
def test_any_bytes(world: World, data: bytes, cut: int) -> None:
    world.take(data, cut)


@pytest.mark.parametrize("name", sorted(SEAL), indirect=True)
@BOUNDED
@given(data=st.data())
def test_spoilt_content_in_a_correct_frame(world: World, name: str, data: st.DataObject) -> None:
    content = data.draw(spoilt([seed[6:].rstrip()[:-4] for seed in SEEDS[name]]))
    world.take(SEAL[name](content), 400)


def test_the_seeds_are_frames(name: str) -> None:
    assert len(SEEDS[name]) >= 5
