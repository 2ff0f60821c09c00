"""Codes of administrative divisions: GB/T 2260 (6 digits) and GB/T 10114 (9 and 12 digits).

Their structure is judged, not whether a code is in force: divisions are made and dissolved every
year, and an identifier keeps the code of its day. The city's own divisions are in its registry.
"""

from __future__ import annotations

from yiwang.kernel.identifiers.faults import DIGITS, Fault, wrong_character, wrong_length

PROVINCES = {
    **{"11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古"},
    **{"21": "辽宁", "22": "吉林", "23": "黑龙江"},
    **{"31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西"},
    **{"37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西"},
    **{"46": "海南", "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏"},
    **{"61": "陕西", "62": "甘肃", "63": "青海", "64": "宁夏", "65": "新疆"},
    **{"71": "台湾", "81": "香港", "82": "澳门"},
}
"""The first two digits of a code, and the short name of the province."""

MUNICIPALITIES = tuple(PROVINCES[code] for code in ("11", "12", "31", "50"))
"""Cities that are provinces (直辖市)."""

TAIWAN_RESIDENTS = "83"
"""Begins the residence permits of residents of Taiwan: a division of no map."""


def province_fault(code: str) -> Fault | None:
    return None if code[:2] in PROVINCES else Fault("division", code[:2], "11 – 82")


def division_fault(code: str) -> Fault | None:
    """A code of 6, 9 or 12 digits: province, prefecture, county, town, village. Nothing lies below
    prefecture 00 or town 000; towns do lie below county 00, in cities without counties."""
    fault = (
        wrong_length(code, 6, 9, 12) or wrong_character(code, DIGITS, "0-9") or province_fault(code)
    )
    if fault is not None:
        return fault
    below = code[4:]
    if code[2:4] == "00" and int(below):
        return Fault("division", below, "0" * len(below))
    if code[6:9] == "000" and int(code[6:]):
        return Fault("division", code[9:], "000")
    return None
