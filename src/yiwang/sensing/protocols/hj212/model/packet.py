"""A packet of HJ 212 as a value, out of a frame and back (2017: 6.3, 2025: 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from yiwang.sensing.protocols.errors import BadChecksum
from yiwang.sensing.protocols.hj212.errors import BadSegment, NoFrame, NoKey
from yiwang.sensing.protocols.hj212.model import checksum

OPEN, CLOSE = b"CP=&&", b"&&"
EDITIONS = {0: "HJ/T 212-2005", 1: "HJ 212-2017", 2: "HJ 212-2025"}
_ENCODINGS = ("ascii", "utf-8", "gb18030")


class Cipher(Protocol):
    """Decrypts the data of one device (2025: 6.4.2)."""

    def decrypt(self, data: bytes) -> bytes: ...


Ciphers = Callable[[str], Cipher | None]
"""The cipher of a device by its MN; None where it has no key."""


def no_ciphers(mn: str) -> Cipher | None:
    return None


@dataclass(frozen=True)
class Packet:
    """One packet. ``flag`` is None where the field is missing (2005). ``pnum`` and ``pno`` are
    0 in a packet that is whole. ``rf``: sent again later, out of the device's memory. ``cp`` is
    what stands between ``CP=&&`` and ``&&``, in the clear."""

    cn: str
    mn: str
    qn: str = ""
    st: str = ""
    pw: str = ""
    flag: int | None = None
    pnum: int = 0
    pno: int = 0
    rf: bool = False
    cp: str = ""

    @property
    def edition(self) -> int:
        """The version bits of the flag: 1 for 2017, 2 for 2025."""
        return (self.flag or 0) >> 2

    @property
    def wants_answer(self) -> bool:
        return bool((self.flag or 0) & 1)

    def answer(self, cn: str, cp: str = "") -> Packet:
        """The answer to this packet, with its QN, and its number where it is a part."""
        split = 2 if self.pnum else 0
        flag = self.edition << 2 | split
        return replace(self, cn=cn, st="91", flag=flag, rf=False, cp=cp)

    def encode(self) -> bytes:
        """The frame of the packet."""
        fields = [("QN", self.qn), ("ST", self.st), ("CN", self.cn), ("PW", self.pw)]
        fields += [("MN", self.mn), ("Flag", "" if self.flag is None else str(self.flag))]
        if self.pnum:
            fields += [("PNUM", str(self.pnum)), ("PNO", str(self.pno))]
        if self.rf:
            fields.append(("RF", "1"))
        head = "".join(f"{name}={value};" for name, value in fields if value)
        return frame(f"{head}CP=&&{self.cp}&&".encode())


def frame(segment: bytes) -> bytes:
    """Raises BadSegment where it is longer than a frame holds."""
    if len(segment) > 9999:
        raise BadSegment(problem="a data segment has at most 9,999 bytes")
    return b"##%04d%b%b\r\n" % (len(segment), segment, checksum.written(segment))


def decode(raw: bytes, ciphers: Ciphers = no_ciphers) -> Packet:
    """A packet out of a frame, with or without its CR LF.

    Raises NoFrame, BadSegment, BadChecksum, NoKey.
    """
    raw = raw.rstrip(b"\r\n")
    if raw[:2] != b"##" or len(raw) < 10 or not raw[2:6].isdigit():
        raise NoFrame(problem="it does not begin with ## and four digits")
    if len(raw) != 10 + int(raw[2:6]):
        raise NoFrame(problem=f"its length says {int(raw[2:6])}, but {len(raw) - 10} bytes follow")
    segment, found = raw[6:-4], raw[-4:].upper()
    start = segment.find(OPEN)
    if start < 0 or not segment.endswith(CLOSE) or len(segment) < start + len(OPEN) + len(CLOSE):
        raise BadSegment(problem="there is no CP=&&…&& at its end")
    fields = _fields(segment[:start])
    head, data = segment[: start + len(OPEN)], segment[start + len(OPEN) : -len(CLOSE)]
    data = _plain(head, data, found, lambda: ciphers(fields["MN"]))
    return _packet(fields, _text(data))


def _plain(head: bytes, data: bytes, found: bytes, own: Callable[[], Cipher | None]) -> bytes:
    """The data in the clear. The checksum is that of the clear text (2025: appendix A.2), so it
    also tells whether the data were encrypted; only then the key is looked up."""
    wanted = checksum.written(head + data + CLOSE)
    if wanted == found:
        return data
    cipher = own()
    if cipher is not None:
        clear = cipher.decrypt(data)
        if checksum.written(head + clear + CLOSE) == found:
            return clear
    elif _encrypted(data):
        raise NoKey()
    raise BadChecksum(found=_shown(found), wanted=wanted.decode())


def _encrypted(data: bytes) -> bool:
    return data.startswith(b"{0x") or any(byte < 32 or byte > 126 for byte in data[:16])


def _fields(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _text(head).split(";"):
        name, separator, value = part.partition("=")
        if not part:
            continue
        if not separator or name in found:
            raise BadSegment(problem=f'"{part[:40]}" is not one field with one value')
        found[name] = value.strip()
    for name in ("CN", "MN"):
        if not found.get(name):
            raise BadSegment(problem=f"the field {name} is missing")
    return found


def _packet(fields: dict[str, str], cp: str) -> Packet:
    flag = _number(fields, "Flag", 255)
    pnum, pno = _number(fields, "PNUM", 99_999) or 0, _number(fields, "PNO", 99_999) or 0
    if pno > pnum:
        raise BadSegment(problem=f"packet {pno} of {pnum}")
    return Packet(
        cn=fields["CN"],
        mn=fields["MN"],
        qn=fields.get("QN", ""),
        st=fields.get("ST", ""),
        pw=fields.get("PW", ""),
        flag=flag,
        pnum=pnum,
        pno=pno,
        rf=fields.get("RF") == "1",
        cp=cp,
    )


def _number(fields: dict[str, str], name: str, most: int) -> int | None:
    text = fields.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) <= most):
        raise BadSegment(problem=f'{name} is "{text[:20]}", but a number up to {most} is needed')
    return int(text)


def _text(data: bytes) -> str:
    """ASCII by the standard; what people wrote (2017: 3020) comes in UTF-8 or GB 18030."""
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSegment(problem="it is neither ASCII nor Chinese text")


def _shown(data: bytes) -> str:
    return data.decode("ascii", "backslashreplace")
