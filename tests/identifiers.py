"""Made-up identifiers that are valid: for tests alone. Nobody's, as far as chance goes."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from yiwang.kernel.identifiers import checks

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
_STREETS = ("解放", "人民", "中山", "建设", "和平")


def resident_id(chance: Random, division: str = "440106") -> str:
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(25_000))
    body = f"{division}{born:%Y%m%d}{chance.randrange(1000):03d}"
    return body + checks.mod_11_2(body)


def organisation_code(chance: Random) -> str:
    body = "".join(chance.choice("0123456789") for _ in range(8))
    return body + checks.mod_11(body)


def credit_code(chance: Random, division: str = "440106") -> str:
    body = f"91{division}{organisation_code(chance)}"
    return body + checks.mod_31(body)


def bank_card(chance: Random) -> str:
    body = "6222" + "".join(chance.choice("0123456789") for _ in range(14))
    return body + checks.luhn(body)


def mobile(chance: Random) -> str:
    return f"1{chance.choice('3578')}{chance.randrange(10**9):09d}"


def name(chance: Random) -> str:
    return chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.choice((1, 2))))


def address(chance: Random) -> str:
    street, number = chance.choice(_STREETS), chance.randrange(1, 400)
    house, flat = chance.randrange(1, 30), chance.randrange(101, 999)
    return f"广东省广州市天河区{street}路{number}号{house}栋{flat}室"


def plate(chance: Random) -> str:
    return f"粤A{chance.randrange(100_000):05d}"
