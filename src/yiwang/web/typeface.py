"""The Chinese typeface of papers: outlines of a font of this machine, embedded in each of them.

A reader of PDF need not bring Chinese fonts, and printers, archives and browsers often do not: a
paper that only names a font comes out empty there. Fonts with either kind of outlines are read
(TrueType, and the cubic ones of OpenType that ``fonts-noto-cjk`` has); only the signs that stand
in a paper go into it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.filterPen import DecomposingFilterPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont as Embedded

NAME = "YiwangPaper"
PACKAGE = "fonts-noto-cjk"
_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_FILES = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
)
"""Free fonts of Debian and of others, which may be embedded; the first that is there is taken."""
_SIMPLIFIED = (" SC", " CN")
_TOLERANCE = 0.001
"""By how much of its size an outline may differ from the font's."""
_MISSING = ".notdef"


@cache
def found() -> Path | None:
    """The font of this machine that papers are written in; None where there is none."""
    for name in _FILES:
        for folder in _FOLDERS:
            for file in sorted(folder.rglob(name)):
                return file
    return None


def take(signs: Iterable[str], file: Path) -> None:
    """Have NAME be a font with these signs alone; the same for the same signs. A sign that the
    font does not have is shown as its empty box. One paper at a time: it is the font until the
    next is taken. Raises OSError or TTLibError where the file cannot be read."""
    with _opened(file) as source:
        content = _subset(source, sorted({ord(sign) for sign in signs}))
    made = Embedded(NAME, BytesIO(content))
    if NAME in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.getFont(NAME).face = made.face
    else:
        pdfmetrics.registerFont(made)


def _opened(file: Path) -> TTFont:
    if file.suffix != ".ttc":
        return TTFont(file, lazy=True)
    with TTCollection(file, lazy=True) as collection:
        names = [face["name"].getDebugName(1) or "" for face in collection.fonts]
    chosen = [place for place, name in enumerate(names) if name.endswith(_SIMPLIFIED)]
    return TTFont(file, fontNumber=chosen[0] if chosen else 0, lazy=True)


def _subset(source: TTFont, codes: list[int]) -> bytes:
    glyphs, names = source.getGlyphSet(), source.getBestCmap()
    mapped = {code: names[code] for code in codes if code in names}
    wanted = [_MISSING, *sorted(set(mapped.values()) - {_MISSING})]
    size = source["head"].unitsPerEm
    drawn = {name: _outline(glyphs, name, size, "glyf" not in source) for name in wanted}
    made = FontBuilder(size, isTTF=True)
    made.setupGlyphOrder(wanted)
    made.setupCharacterMap(mapped)
    made.setupGlyf(drawn)
    table = made.font["glyf"]
    widths = {name: (round(glyphs[name].width), table[name].xMin) for name in wanted}
    made.setupHorizontalMetrics(widths)
    line = source["hhea"]
    made.setupHorizontalHeader(ascent=line.ascent, descent=line.descent)
    family = source["name"].getDebugName(1) or NAME
    made.setupNameTable({"familyName": family, "styleName": "Regular", "psName": _name(source)})
    made.setupOS2(sTypoAscender=line.ascent, sTypoDescender=line.descent)
    made.setupPost()
    made.updateHead(created=0, modified=0)
    held = BytesIO()
    made.save(held)
    return held.getvalue()


def _outline(glyphs: Any, name: str, size: int, cubic: bool) -> Any:
    pen = TTGlyphPen(None)
    turned = Cu2QuPen(pen, size * _TOLERANCE, reverse_direction=cubic)
    glyphs[name].draw(DecomposingFilterPen(turned, glyphs))
    return pen.glyph()


def _name(source: TTFont) -> str:
    named = source["name"].getDebugName(6) or NAME
    return "".join(sign for sign in named if sign.isascii() and (sign.isalnum() or sign == "-"))
