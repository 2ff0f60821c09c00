"""The city's lines, channels and rules of the desk, and the key under which callers are found."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from yiwang.cases.hotline.model import Numbering
from yiwang.kernel import documents
from yiwang.kernel.clock import DAY, HOUR
from yiwang.kernel.documents import NotAllowed, Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.security.actions import Context

_DEFAULT = Path(__file__).parent / "default.yaml"
_TOP = ("numbering", "lines", "channels", "frequent", "call_back", "review_days")


@dataclass(frozen=True)
class Entry:
    """A line or a channel: its titles by language, and of a line the number."""

    title: Mapping[str, str]
    number: str = ""


@dataclass(frozen=True)
class Board:
    """``frequent_from`` contacts within ``frequent_within`` mark a caller; spans are
    microseconds."""

    numbering: Numbering
    lines: Mapping[str, Entry]
    channels: Mapping[str, Entry]
    frequent_from: int
    frequent_within: int
    call_back_within: int
    call_back_tries: int
    review_days: int
    key: bytes = b""

    def digest(self, kept: str) -> str:
        """By what a number or e-mail address is found, without saying what it is."""
        return hmac.new(self.key, kept.encode(), hashlib.sha256).hexdigest()


def load(home: Path) -> Board:
    """The board of a home: ``city/hotline.yaml`` over the defaults, key by key at the top, and
    ``keys/hotline.key``, made when it is first wanted. Raises a DocumentError."""
    file = home / "city" / "hotline.yaml"
    own = documents.load(file) if file.is_file() else None
    return read(own, _key(home / "keys" / "hotline.key"))


@cache
def standard() -> Board:
    """Without a home: the defaults, with a key that lasts as long as the process."""
    return read(None, secrets.token_bytes(32))


def of(ctx: Context) -> Board:
    return ctx.caller.ports.get(Board) or standard()


def read(own: Section | None, key: bytes) -> Board:
    usual = documents.load(_DEFAULT, _DEFAULT.name)
    given = set(own.keys()) if own is not None else set()
    top = {name: own if own is not None and name in given else usual for name in _TOP}
    frequent, back = top["frequent"].section("frequent"), top["call_back"].section("call_back")
    board = Board(
        _numbering(top["numbering"].section("numbering")),
        _entries(top["lines"], "lines"),
        _entries(top["channels"], "channels"),
        _count(frequent, "contacts"),
        _count(frequent, "days") * DAY,
        _count(back, "hours") * HOUR,
        _count(back, "tries"),
        _count(top["review_days"], "review_days"),
        key,
    )
    frequent.finish()
    back.finish()
    if own is not None:
        own.finish()
    return board


def _numbering(body: Section) -> Numbering:
    local = body.raw("local", [])
    if not isinstance(local, list) or not all(isinstance(one, int) for one in local):
        wanted = phrase("list_of_whole_numbers")
        raise WrongType(body.place("local"), key="local", value=local, wanted=wanted)
    texts = {name: body.text(name, "") for name in ("country", "trunk", "area")}
    for name, value in texts.items():
        if value and not (value.isascii() and value.isdigit()):
            raise NotAllowed(body.place(name), key=name, value=value, options="digits")
    longest = body.take("longest", int, 11)
    body.finish()
    return Numbering(**texts, local=tuple(local), longest=longest)


def _entries(top: Section, name: str) -> dict[str, Entry]:
    found = {}
    for code, body in top.section(name).sections():
        titles = body.section("title")
        words = {lang: titles.text(lang) for lang in titles.keys()}  # noqa: SIM118
        found[code] = Entry(words, body.text("number", ""))
        body.finish()
    if not found:
        raise NotAllowed(top.place(name), key=name, value="", options=phrase("at_least_one"))
    return found


def _count(body: Section, name: str) -> int:
    value = body.take(name, int)
    if not 1 <= value <= 10_000:
        raise NotAllowed(body.place(name), key=name, value=value, options="1 … 10000")
    return value


def _key(file: Path) -> bytes:
    """Whole and on the disk before its name is there: half a key would be another key."""
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    return bytes.fromhex(file.read_text(encoding="ascii"))
