"""Papers carry their Chinese font with them, or name one where the machine has none."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from yiwang.kernel.sheets import Cell, Sheet
from yiwang.web import papers, typeface

TITLE = "城市运行月报"
ABOUT = ["生成于 2026-08-01, digest 0a1b 😀 \x07"]
SHEETS = [Sheet("按部门", ("部门", "按时率"), ((Cell("text", "排水管理所"), Cell("rate", 0.5)),))]


def _fonts(content: bytes) -> dict[str, Any]:
    page = PdfReader(BytesIO(content)).pages[0]
    fonts = page["/Resources"]["/Font"].values()  # type: ignore[index]
    return {font.get_object()["/BaseFont"]: font.get_object() for font in fonts}


def test_the_signs_of_a_paper_are_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert typeface.found() is not None, f"apt install {typeface.PACKAGE}"
    content = papers.paper(TITLE, ABOUT, SHEETS)
    embedded = [font for font in _fonts(content).values() if "/FontDescriptor" in font]
    assert embedded
    assert all("/FontFile2" in font["/FontDescriptor"] for font in embedded)
    text = PdfReader(BytesIO(content)).pages[0].extract_text()
    assert all(words in text for words in (TITLE, "排水管理所", "按时率", "50.0%", "0a1b"))
    assert len(content) < 40_000
    other = PdfReader(BytesIO(papers.paper("停车", ["考核"], []))).pages[0].extract_text()
    assert "停车" in other
    assert "考核" in other
    assert papers.paper(TITLE, ABOUT, SHEETS) == content

    monkeypatch.setattr(typeface, "found", lambda: None)
    named = papers.paper(TITLE, ABOUT, SHEETS)
    assert papers.NAMED in "".join(_fonts(named))
    assert TITLE in PdfReader(BytesIO(named)).pages[0].extract_text()
