"""Writes the table of Chinese signs and how they are read, without tones, from pypinyin.

``python tools/pinyin.py`` writes ``sharing/catalogue/search/readings.json``; a test compares it
with what it would write. The platform reads the table: the library with its phrases takes a
second to start and 40 MB, of which search uses one in a hundred.
"""

from __future__ import annotations

import json
from pathlib import Path

from pypinyin import Style, pinyin

FILE = Path(__file__).parent.parent / "src/yiwang/sharing/catalogue/search/readings.json"
SIGNS = range(0x4E00, 0xA000)
READINGS = 3
"""At most so many readings of a sign: those behind are hardly met."""


def table() -> str:
    """For each rank of a reading (the most common first) the signs of each syllable."""
    ranks: list[dict[str, list[str]]] = [{} for _ in range(READINGS)]
    for number in SIGNS:
        sign = chr(number)
        found = pinyin(sign, style=Style.NORMAL, heteronym=True, errors="ignore")
        readings = [one for one in dict.fromkeys(found[0] if found else []) if one.isascii()]
        for rank, reading in enumerate(readings[:READINGS]):
            ranks[rank].setdefault(reading, []).append(sign)
    about = "Readings of Chinese signs by rank, from pypinyin (MIT licence, mozillazg and others)."
    shown = [{name: "".join(signs) for name, signs in sorted(rank.items())} for rank in ranks]
    content = {"about": about, "ranks": shown}
    return json.dumps(content, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
