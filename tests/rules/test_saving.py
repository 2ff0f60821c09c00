"""What an engine's state is kept as."""

from __future__ import annotations

import ast
import io
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from tests.rules.catalogue import PARAMETERS, RULES
from tests.rules.world import SITES, batch, channels, loaded
from yiwang.kernel.arrays import unpacked
from yiwang.rules.building import Loaded
from yiwang.rules.engine import Engine
from yiwang.rules.saving import Saved, _Content

THINGS = 4


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return loaded(tmp_path_factory.mktemp("pack"), RULES, PARAMETERS)


def _judged(rules: Loaded) -> Engine:
    engine = Engine([rules], channels(THINGS), SITES)
    engine.judge(batch([(1, minute, 31.0) for minute in range(20)] + [(5, 3, float("nan"))]))
    return engine


def _taken_up(rules: Loaded, state: bytes) -> bytes:
    engine = Engine([rules], channels(THINGS), SITES)
    assert engine.load(state) == set(engine.judged)
    return engine.save()


def test_what_is_kept_has_nothing_in_the_syntax_of_python(
    rules: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's parser fails where two threads are in it at once."""
    state = _judged(rules).save()

    def parse(*_: object) -> None:
        raise AssertionError("parsed as Python")

    monkeypatch.setattr(ast, "parse", parse)
    monkeypatch.setattr(ast, "literal_eval", parse)
    assert _taken_up(rules, state) == state


def test_a_state_in_the_form_of_before_is_taken_up(rules: Loaded) -> None:
    state = _judged(rules).save()
    held = msgspec.msgpack.decode(state, type=_Content)
    saved: Saved = held.saved
    arrays = {name: unpacked(one) for name, one in held.arrays.items()}
    arrays["json"] = np.frombuffer(msgspec.json.encode(saved), np.uint8)
    old = io.BytesIO()
    np.savez(old, allow_pickle=False, **arrays)  # type: ignore[arg-type]
    assert _taken_up(rules, old.getvalue()) == state


def test_no_thread_has_to_import_what_numpy_leaves_for_later() -> None:
    """``numpy.unique`` would, and that import has Python parse signatures."""
    code = "import sys, yiwang.app; sys.exit('numpy.ma' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
