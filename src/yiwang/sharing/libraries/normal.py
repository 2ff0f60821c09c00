"""Names, addresses and numbers without what differs in their writing alone. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from yiwang.sharing.catalogue.search import words

_SIGNS = re.compile(r"[\W_]+")
_NUMERALS = "零〇一二两三四五六七八九"
_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_DIGITS |= {"七": 7, "八": 8, "九": 9}
_UNITS = "号栋幢座楼层室组弄巷门户单"
_WRITTEN = re.compile(f"[{_NUMERALS}十百]+(?=[{_UNITS}])")
_BETWEEN = re.compile(r"(?<=\d)[^\w]+(?=\d)")
_NUMBER = re.compile(r"\d+[a-z]?")
_WORDS = re.compile(f"号楼|单元|[{_UNITS}]")
_HIGHER = re.compile(
    r"^(?:\w{2,8}?(?:省|自治区))?(?:\w{2,8}?(?:市(?!场)|自治州|地区))?"
    r"(?:\w{1,8}?(?:区(?!间)|县|旗))?(?:\w{1,8}?(?:街道|镇|乡))?(?=\w)"
)
_FORMS = re.compile(
    r"(?:股份|集团|责任|有限|合伙企业|普通合伙|特殊普通合伙|有限合伙|个体工商户|(?<!分)公司|(?<!分)厂)+$"
)
_SEXES = dict.fromkeys(("1", "男", "男性", "m", "male"), "M")
_SEXES |= dict.fromkeys(("2", "女", "女性", "f", "female"), "F")
"""As GB/T 2261.1 codes it, and as people write it; what is neither tells nothing."""
FORMS = ("exact", "person_name", "organisation_name", "address", "date", "sex")
PARTS = ("whole", "sound", "first", "year", "numbers", "head")


def form(how: str, value: str) -> str:
    """The normal form of a value that is compared as ``how`` says: one of ``FORMS``."""
    return _form(how, value) if len(value) <= 200 else folded(value)


@lru_cache(maxsize=65536)
def _form(how: str, value: str) -> str:
    if how == "address":
        return address(value)
    if how == "organisation_name":
        return organisation(value)
    if how == "sex":
        return _SEXES.get(folded(value), "")
    if how == "person_name" and not value.isascii():
        return _SIGNS.sub("", folded(value))
    return folded(value)


def folded(text: str) -> str:
    """Half-width, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def organisation(text: str) -> str:
    """The name without signs and brackets, and without its legal form at the end."""
    whole = _SIGNS.sub("", folded(text))
    return _FORMS.sub("", whole) or whole


def address(text: str) -> str:
    """Numbers in digits, one word for one kind of building, without signs; parts of numbers such
    as 5-2-301 are kept apart by a hyphen."""
    whole = _BETWEEN.sub("-", folded(text).replace("#", "号"))
    whole = "".join(sign for sign in whole if sign.isalnum() or sign == "-")
    whole = _WRITTEN.sub(lambda found: str(_number(found[0])), whole)
    return whole.replace("号楼", "栋").replace("幢", "栋").replace("座", "栋")


def _number(written: str) -> int:
    if not set(written) & set("十百"):
        return int("".join(str(_DIGITS[sign]) for sign in written))
    total, last = 0, 0
    for sign in written:
        if sign in "十百":
            total += (last or 1) * (10 if sign == "十" else 100)
            last = 0
        else:
            last = _DIGITS[sign]
    return total + last


def numbers(address_: str) -> tuple[str, ...]:
    """The numbers of an address in its normal form: house, building, unit, room."""
    return tuple(_NUMBER.findall(address_))


def street(address_: str) -> str:
    """What an address in its normal form says besides numbers, without the administrative areas
    at its beginning."""
    spoken = _WORDS.sub("", _NUMBER.sub("", address_)).replace("-", "")
    return _HIGHER.sub("", spoken) or spoken


@lru_cache(maxsize=65536)
def sound(text: str) -> str:
    """How a name is read, in pinyin."""
    return words.pinyin(text)


def part(which: str, value: str) -> str:
    """The part of a normal form by which a block is named: one of ``PARTS``."""
    if which == "sound":
        return sound(value)
    if which == "numbers":
        return "-".join(numbers(value))
    return value[: {"first": 1, "year": 4, "head": 4}.get(which, len(value))]
