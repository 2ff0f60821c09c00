"""What is read out of pictures, that nothing of it is left, and that no file is too strange."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.cases.pictures import samples
from yiwang.cases.errors import NotAPicture, PictureTooWide
from yiwang.cases.pictures import cleaning, exif
from yiwang.cases.pictures.exif import Taken
from yiwang.kernel import clock
from yiwang.kernel.errors import YiwangError

pytestmark = pytest.mark.filterwarnings("ignore:.*EXIF", "ignore:Image size")

FILES = {
    "jpeg": samples.jpeg(),
    "turned jpeg": samples.jpeg(6),
    "progressive jpeg": samples.jpeg(8, progressive=True),
    "png": samples.png(),
    "turned png": samples.png(3),
    "webp": samples.webp(),
    "turned webp": samples.webp(6),
    "lossless webp": samples.webp(lossless=True),
    "avif": samples.avif(),
    "heic": samples.heic(),
}
TAKEN = Taken(116.1, 39.1, clock.parse("2026-07-01T16:00:00+08:00"))


@pytest.mark.parametrize("name", FILES)
def test_place_and_time_are_read_and_nothing_of_them_is_left(name: str) -> None:
    picture = cleaning.clean(FILES[name])
    assert picture.taken == TAKEN
    assert samples.SECRET not in picture.content
    assert len(picture.content) <= len(FILES[name])
    again = cleaning.clean(picture.content)
    assert again.content == picture.content and again.taken == Taken()
    if name != "heic":
        with Image.open(io.BytesIO(picture.content)) as opened:
            left = dict(opened.getexif())
            assert set(left) <= {0x0112} and not opened.getexif().get_ifd(0x8825)


@pytest.mark.parametrize("name", [name for name in FILES if name != "heic"])
def test_the_picture_stays_what_it_was_pixel_by_pixel(name: str) -> None:
    cleaned = cleaning.clean(FILES[name]).content
    with Image.open(io.BytesIO(FILES[name])) as was, Image.open(io.BytesIO(cleaned)) as now:
        before, after = ImageOps.exif_transpose(was), ImageOps.exif_transpose(now)
        assert before.size == after.size and before.tobytes() == after.tobytes()


@pytest.mark.parametrize("turned", range(1, 9))
def test_small_pictures_are_upright(turned: int) -> None:
    cleaned = cleaning.clean(samples.jpeg(turned))
    small = cleaning.smaller(cleaned.content, cleaned.type, 320)
    assert small is not None
    with Image.open(io.BytesIO(small)) as opened:
        assert opened.size == ((64, 48) if turned < 5 else (48, 64))
    tiny = cleaning.smaller(cleaned.content, cleaned.type, 16)
    assert tiny is not None and max(Image.open(io.BytesIO(tiny)).size) == 16


def test_what_is_no_picture_is_refused() -> None:
    for content in (b"", b"<svg/>", FILES["jpeg"][:300], FILES["png"][:60], FILES["webp"][:40]):
        with pytest.raises(NotAPicture):
            cleaning.clean(content, "x")
    with pytest.raises(PictureTooWide):
        cleaning.clean(samples.bomb())
    assert cleaning.smaller(samples.bomb(), "image/png", 320) is None
    assert cleaning.smaller(FILES["heic"], "image/heic", 320) is None


def test_times_are_read_by_satellite_offset_or_zone() -> None:
    block = Image.Exif()
    block[0x0132] = "2026:07:01 08:00:00"
    assert exif.read(block.tobytes(), ZoneInfo("Asia/Shanghai"))[0] == Taken(
        None, None, clock.parse("2026-07-01T08:00:00+08:00")
    )
    block.get_ifd(0x8825).update({29: "2026:07:01", 7: (1.0, 2.0, 3.0)})
    assert exif.read(block.tobytes())[0].at == clock.parse("2026-07-01T01:02:03Z")
    south = Image.Exif()
    south.get_ifd(0x8825).update({1: "S", 2: (1.0, 30.0, 0.0), 3: "W", 4: (2.0, 0.0, 36.0)})
    assert exif.read(south.tobytes())[0] == Taken(-2.01, -1.5, None)
    for nothing in (b"", b"MM\0*", b"II*\0\xff\xff\xff\xff", b"x" * 40):
        assert exif.read(nothing) == (Taken(), 1)


@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 5000) | st.none(),
)
def test_no_broken_file_gets_through_with_its_place_or_crashes(
    name: str, changes: list[tuple[int, bytes]], end: int | None
) -> None:
    content = bytearray(FILES[name])
    for place, patch in changes:
        at = place % len(content)
        content[at : at + len(patch)] = patch
    try:
        picture = cleaning.clean(bytes(content[: None if end is None else len(content) - end]))
    except YiwangError:
        return
    assert cleaning.clean(picture.content).taken[:2] == (None, None)
    cleaning.smaller(picture.content, picture.type, 320)


@given(st.binary(max_size=300), st.sampled_from(["jpeg", "png", "webp", "heic"]))
def test_any_bytes_behind_a_true_beginning_are_taken_or_refused(rest: bytes, name: str) -> None:
    try:
        cleaning.clean(FILES[name][:40] + rest)
    except YiwangError as error:
        assert error.code.startswith("cases.")


@given(st.binary(max_size=400))
def test_any_exif_says_something_or_nothing(block: bytes) -> None:
    for start in (b"", b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0"):
        taken, turned = exif.read(start + block)
        assert turned in range(1, 9) and (taken.lon is None) == (taken.lat is None)
