"""What files of the portal are, by the ends of their names: pure."""

from __future__ import annotations

import msgspec

_OFFICE = "application/vnd.openxmlformats-officedocument."


class Format(msgspec.Struct, frozen=True):
    """``name`` for people and CKAN; ``media`` is one of IANA, ``authority`` one of the table of
    file types of the Publications Office of the EU."""

    name: str
    media: str
    authority: str


UNKNOWN = Format("FILE", "application/octet-stream", "OCTET")
_KNOWN = {
    "csv": Format("CSV", "text/csv", "CSV"),
    "tsv": Format("TSV", "text/tab-separated-values", "TSV"),
    "txt": Format("TXT", "text/plain", "TXT"),
    "json": Format("JSON", "application/json", "JSON"),
    "geojson": Format("GeoJSON", "application/geo+json", "GEOJSON"),
    "xml": Format("XML", "application/xml", "XML"),
    "pdf": Format("PDF", "application/pdf", "PDF"),
    "zip": Format("ZIP", "application/zip", "ZIP"),
    "xls": Format("XLS", "application/vnd.ms-excel", "XLS"),
    "xlsx": Format("XLSX", f"{_OFFICE}spreadsheetml.sheet", "XLSX"),
    "doc": Format("DOC", "application/msword", "DOC"),
    "docx": Format("DOCX", f"{_OFFICE}wordprocessingml.document", "DOCX"),
    "ods": Format("ODS", "application/vnd.oasis.opendocument.spreadsheet", "ODS"),
    "jpg": Format("JPEG", "image/jpeg", "JPEG"),
    "jpeg": Format("JPEG", "image/jpeg", "JPEG"),
    "png": Format("PNG", "image/png", "PNG"),
}


def of(name: str) -> Format:
    """The format of a file of this name."""
    _, point, end = name.rpartition(".")
    return _KNOWN.get(end.lower(), UNKNOWN) if point else UNKNOWN
