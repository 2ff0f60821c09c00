"""Names, ranges, headers and counting of files."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, strategies

from yiwang.sharing.files import model
from yiwang.sharing.files.errors import BadFileName, BadUpload

BAD_NAMES = (
    *("", " ", ".", "..", "../a", "a/b", "a\\b", "a\0", "a\r\nX: 1", "a\u202egnp.exe"),
    *("名" * 201, "名" * 100),
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_somewhere_or_deceive_are_refused(name: str) -> None:
    with pytest.raises(BadFileName):
        model.name_of(name)


def test_a_name_is_kept_in_one_form_and_told_to_every_client() -> None:
    assert model.name_of(" e\u0301t\u00e9.csv ") == "\u00e9t\u00e9.csv"
    assert model.disposition('水位 "1"%.csv') == (
        "attachment; filename=\"__ _1__.csv\"; filename*=UTF-8''%E6%B0%B4%E4%BD%8D%20%221%22%25.csv"
    )


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, None),
        ("bytes=0-", (0, 10)),
        ("bytes=3-4", (3, 5)),
        ("bytes=8-99", (8, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=10-", (0, 0)),
        ("bytes=99-100", (0, 0)),
        ("bytes=-0", (0, 0)),
        ("bytes=5-3", None),
        ("bytes=0-1,3-4", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0x1-2", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_ranges_are_read_as_rfc_9110_says(header: str | None, wanted: object) -> None:
    assert model.asked_range(header, 10) == wanted


def test_headers_of_tus_are_read_or_refused() -> None:
    assert model.metadata("filename YQ==,empty") == {"filename": "a", "empty": ""}
    for wrong in ("filename %%", "filename /w==", "a YQ==,a YQ=="):
        with pytest.raises(BadUpload):
            model.metadata(wrong)
    assert model.checksum(f"sha1 {b64encode(b'x').decode()}") == ("sha1", b"x")
    for wrong in ("md5 YQ==", "sha1", "sha256 %"):
        with pytest.raises(BadUpload):
            model.checksum(wrong)
    for wrong in (None, "-1", "1e3", "１", ""):
        with pytest.raises(BadUpload):
            model.whole_number(wrong, "Upload-Offset")
    with pytest.raises(BadUpload):
        model.sha256_of("0" * 63)


def test_a_part_is_given_of_the_same_content_alone() -> None:
    assert model.applies(None, '"a"') and model.applies('"a"', '"a"')
    assert not model.applies('W/"a"', '"a"') and not model.applies('"b"', '"a"')
    assert model.unchanged('"b", W/"a"', '"a"') and not model.unchanged('"b"', '"a"')


@given(
    size=strategies.integers(1, 50),
    pieces=strategies.lists(strategies.integers(1, 60), max_size=20),
)
def test_a_file_counts_once_for_each_time_its_length_begins(size: int, pieces: list[int]) -> None:
    given_, times = 0, 0
    for piece in pieces:
        times += model.units(size, given_, piece)
        given_ += piece
    assert times == -(-given_ // size)


def test_the_oldest_versions_go() -> None:
    assert model.surplus({11: 1, 12: 2, 13: 3}, 2) == [11]
    assert model.surplus({11: 1}, 2) == []
