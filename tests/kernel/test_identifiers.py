"""Identifiers against numbers that are public, and against every single slip."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yiwang.kernel import text
from yiwang.kernel.identifiers import KINDS, checks, fault, tidied, valid
from yiwang.kernel.identifiers.people import person, resident_fault, upgraded

# Printed as examples in the standards, on the sites of companies, or in public test data.
RIGHT = {
    "resident_id": ["11010519491231002X", "440524188001010014", "830000199001010012"],
    "resident_id_15": ["440524800101001", "110105491231002"],
    "permanent_residence": ["911124198108030024"],
    "credit_code": ["91110000600037341L", "91330100799655058B", "9144030071526726XG"],
    "organisation_code": ["D2143569X", "600037341", "71526726X", "799655058"],
    "division": ["110000", "441900003", "110101001000", "429004"],
    "bank_card": ["4111111111111111", "6222020000000000018"],
    "mobile": ["13812345678", "19912345678"],
    "landline": ["01062345678", "075586234567", "03183456789"],
    "telephone": ["13812345678", "02162345678EXT12"],
    "passport": ["E12345678", "EA1234567"],
    "plate": ["京A12345", "沪AD12345", "粤B12345D", "京A1234学", "粤ZF023港"],
}

WRONG = [
    ("resident_id", "11010519491231002x", "character"),
    ("resident_id", "110105194912310021", "check"),
    ("resident_id", "11010519490231002X", "date"),
    ("resident_id", "1101051949123100", "length"),
    ("resident_id", "99010519491231002X", "division"),
    ("resident_id", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "character"),
    ("resident_id_15", "440524800230001", "date"),
    ("permanent_residence", "811124198108030024", "prefix"),
    ("credit_code", "91110000600037341I", "character"),
    ("credit_code", "91110000600037341M", "check"),
    ("credit_code", "01110000600037341L", "prefix"),
    ("organisation_code", "D21435690", "check"),
    ("division", "110000001", "division"),
    ("division", "990000", "division"),
    ("division", "110101000001", "division"),
    ("bank_card", "4111111111111112", "check"),
    ("bank_card", "0000000000000000", "prefix"),
    ("bank_card", "411", "length"),
    ("mobile", "12812345678", "prefix"),
    ("landline", "62345678", "shape"),
    ("landline", "0106234567", "length"),
    ("plate", "京I12345", "shape"),
    ("plate", "京AO1234", "shape"),
    ("passport", "X12345678", "shape"),
]


def test_what_is_right_passes() -> None:
    assert set(RIGHT) == set(KINDS)
    found = {(kind, one): fault(kind, one) for kind, each in RIGHT.items() for one in each}
    assert {one: why for one, why in found.items() if why} == {}


@pytest.mark.parametrize(("kind", "value", "why"), WRONG)
def test_what_is_wrong_says_why(kind: str, value: str, why: str) -> None:
    found = fault(kind, value)
    assert found is not None and found.why == why
    for lang in text.LANGUAGES:
        assert found.expected in found.words(lang) and "{" not in found.words(lang)
        assert KINDS[kind].title(lang)[:6] != "kernel"


@pytest.mark.parametrize("kind", ["resident_id", "credit_code", "organisation_code", "bank_card"])
@given(data=st.data())
@settings(max_examples=60)
def test_one_wrong_sign_is_always_found(kind: str, data: st.DataObject) -> None:
    """GB 11714 counts letters beyond its modulus: there it holds among digits."""
    value = data.draw(st.sampled_from(RIGHT[kind]))
    digits = kind == "organisation_code"
    places = [at for at, sign in enumerate(value) if sign.isdigit() or not digits]
    place = data.draw(st.sampled_from(places))
    signs = "0123456789" if digits else checks.CREDIT_SIGNS
    sign = data.draw(st.sampled_from(signs).filter(value[place].__ne__))
    assert not valid(kind, value[:place] + sign + value[place + 1 :])


@given(st.text(max_size=20), st.sampled_from(sorted(KINDS)))
def test_no_text_is_too_strange(value: str, kind: str) -> None:
    fault(kind, value)
    fault(kind, tidied(kind, value))


def test_what_is_written_around_a_number_is_taken_away() -> None:
    assert tidied("resident_id", " １１０１０５ 19491231 002x ") == "11010519491231002X"
    assert tidied("mobile", "+86 138-1234-5678") == "13812345678"
    assert tidied("landline", "(010) 6234 5678 转 12") == "01062345678EXT12"
    assert tidied("plate", "京a·12345") == "京A12345"


def test_a_number_says_who() -> None:
    who = person("11010519491231002X")
    assert (who.division, who.birth, who.sex) == ("110105", date(1949, 12, 31), "F")
    assert upgraded("110105491231002") == "11010519491231002X"
    assert person("110105491231997").birth.year == 1849
    early = resident_fault("11010519491231002X", today=date(1949, 12, 30))
    assert early is not None and early.why == "future"


def test_check_signs_of_the_standards() -> None:
    assert checks.mod_11_2("11010519491231002") == "X"
    assert checks.mod_11("D2143569") == "X"
    assert checks.mod_31("91350100M000100Y4") == "3"
    assert checks.luhn("7992739871") == "3"
