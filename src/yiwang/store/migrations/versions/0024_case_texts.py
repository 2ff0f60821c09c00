"""The texts by which cases are found, indexed by their pieces, and an index over their places."""

import re
import unicodedata
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
_FTS = """
CREATE VIRTUAL TABLE case_words USING fts5(
    pieces, content='case_texts', content_rowid='case', detail=none, tokenize='ascii')
"""
_PUT = 'INSERT INTO case_words (rowid, pieces) VALUES (new."case", new.pieces);'
_TAKE = (
    "INSERT INTO case_words (case_words, rowid, pieces) "
    "VALUES ('delete', old.\"case\", old.pieces);"
)


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    pieces: Any = sa.Text() if is_sqlite else sa.dialects.postgresql.TSVECTOR()
    op.create_table(
        "case_texts",
        sa.Column("case", key, sa.ForeignKey("cases.no"), primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("pieces", pieces, nullable=False),
    )
    _fill(is_sqlite)
    op.create_index("ix_cases_open_lon_lat", "cases", ["open", "lon", "lat"])
    op.create_index(
        "ix_case_texts_pieces",
        "case_texts",
        ["pieces"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 512},
        sqlite_where=sa.text("pieces IS NULL"),
    )
    if not is_sqlite:
        return
    op.execute(_FTS)
    op.execute("INSERT INTO case_words (case_words) VALUES ('rebuild')")
    for when, then in (("INSERT", _PUT), ("DELETE", _TAKE), ("UPDATE", f"{_TAKE} {_PUT}")):
        name = f"case_texts_{when.lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {when} ON case_texts BEGIN {then} END")


def _fill(is_sqlite: bool) -> None:
    connection = op.get_bind()
    asked = sa.text(
        "SELECT no, title, description, address FROM cases "
        "WHERE no > :after ORDER BY no LIMIT :most"
    )
    cast = ":pieces" if is_sqlite else "CAST(:pieces AS tsvector)"
    put = sa.text(f'INSERT INTO case_texts ("case", words, pieces) VALUES (:no, :words, {cast})')
    after = -1
    while rows := connection.execute(asked, {"after": after, "most": _AT_ONCE}).all():
        after = rows[-1].no
        connection.execute(put, [_row(row, is_sqlite) for row in rows])


def _row(row: Any, is_sqlite: bool) -> dict[str, Any]:
    form = "\n".join((row.title, row.description, row.address))
    form = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", form).casefold())
    found = pieces(form)
    written = " ".join(found if is_sqlite else (f"'{one}'" for one in found))
    return {"no": row.no, "words": form, "pieces": written}


def pieces(form: str) -> list[str]:
    """As of this revision; later ones write theirs anew."""
    found: dict[str, None] = {}
    for word in re.findall(r"[^\W_]+", form):
        for dense, signs in groupby(word, _is_dense):
            run, size = "".join(signs), 2 if dense else 3
            found |= dict.fromkeys(run[place : place + size] for place in range(len(run)))
    return list(found)


def _is_dense(sign: str) -> bool:
    return (
        "\u3040" <= sign <= "\u30ff"
        or "\u3400" <= sign <= "\ud7ff"
        or "\uf900" <= sign <= "\ufaff"
        or sign >= "\U00020000"
    )
