"""What silences hold, and what storms gather."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.model.classes import StormRule
from yiwang.cases.storms.model import Found, Gathering, Loose, Member, Silence, held, take

spans = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair)))


def slowly(raised_at: int, silences: list[Silence]) -> int | None:
    """The first instant without a silence, looked for one by one; None: there was none."""
    instant = raised_at
    while any(one.from_at <= instant < one.until_at for one in silences):
        instant += 1
    return None if instant == raised_at else instant


@given(st.integers(0, 50), st.lists(spans, max_size=8))
def test_silences_that_touch_or_overlap_hold_as_one(
    raised_at: int, given_: list[tuple[int, int]]
) -> None:
    silences = [Silence(place, *span) for place, span in enumerate(given_)]
    kept = held(Found(raised_at), silences)
    assert (kept[1] if kept else None) == slowly(raised_at, silences)
    if kept:
        assert kept[0].at(raised_at)


def test_a_silence_is_about_all_that_it_names() -> None:
    found = Found(5, ("demo.flooded", "F-01"), (3, 2, 1), 7, 9)
    about = [
        Silence(1, 0, 9),
        Silence(1, 0, 9, "demo.flooded"),
        Silence(1, 0, 9, "F-01"),
        Silence(1, 0, 9, area=2),
        Silence(1, 0, 9, place=7, thing=9),
    ]
    others = [
        Silence(1, 0, 9, "demo.other"),
        Silence(1, 0, 9, area=4),
        Silence(1, 0, 9, place=7, thing=8),
    ]
    assert all(one.about(found) for one in about)
    assert not any(one.about(found) for one in others)
    assert held(found, [Silence(1, 0, 5)]) is None, "its last instant is no longer in it"
    assert held(found, [Silence(1, 5, 6)]) is not None


RULE = StormRule(3, within=10, radius_m=1000)


def always(no: int) -> bool:
    return True


def test_as_many_as_the_class_says_make_a_storm() -> None:
    loose = Loose(RULE)
    near = [Member(no, no, "", 116 + no / 1000, 39) for no in (1, 2)]
    far, late = Member(3, 2, "", 116.5, 39), Member(4, 30, "", 116.001, 39)
    for one in (*near, far, late):
        assert take([], loose, one, always) == (None, [])
        loose.add(one)
    last = Member(5, 3, "", 116.001, 39)
    storm, members = take([], loose, last, always)
    assert storm is None and [one.no for one in members] == [1, 2, 5]
    assert take([], loose, last, lambda no: no != 2) == (None, [])


def test_a_storm_goes_on_while_cases_come() -> None:
    storm = Gathering(1, Member(1, 0, "", 116, 39), 0, 5)
    loose = Loose(RULE)
    assert take([storm], loose, Member(9, 15, "", 116, 39), always)[0] is storm
    storm.add(Member(9, 15, "", 116, 39))
    assert take([storm], loose, Member(10, 25, "", 116, 39), always)[0] is storm
    assert take([storm], loose, Member(10, 26, "", 116, 39), always)[0] is None
    assert take([storm], loose, Member(10, 20, "", 116.1, 39), always)[0] is None


def test_what_they_share_counts_in_place_of_nearness() -> None:
    loose = Loose(StormRule(2, within=10, by="street"))
    loose.add(Member(1, 0, "street:1", 116, 39))
    assert take([], loose, Member(2, 1, "street:2", 116, 39), always) == (None, [])
    assert take([], loose, Member(3, 1, "", 116, 39), always) == (None, [])
    assert len(take([], loose, Member(4, 1, "street:1"), always)[1]) == 2
