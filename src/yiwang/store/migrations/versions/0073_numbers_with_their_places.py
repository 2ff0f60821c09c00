"""Numbers in texts of cases are pieces together with what stands before them."""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
_PLACED = re.compile(r"[^\W\d_]{3}\d{1,5}")
_TAKE = (
    "INSERT INTO case_words (case_words, rowid, pieces) "
    "VALUES ('delete', old.\"case\", old.pieces);"
)
_PUT = 'INSERT INTO case_words (rowid, pieces) VALUES (new."case", new.pieces);'


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        _add("pieces || CAST(:more AS tsvector)", lambda found: [f"'{one}'" for one in found])
        return
    op.execute("DROP TRIGGER case_texts_update")
    _add("pieces || ' ' || :more", list)
    op.execute("INSERT INTO case_words (case_words) VALUES ('rebuild')")
    op.execute(
        f"CREATE TRIGGER case_texts_update AFTER UPDATE ON case_texts BEGIN {_TAKE} {_PUT} END"
    )


def _add(changed: str, written: Any) -> None:
    connection = op.get_bind()
    asked = sa.text(
        'SELECT "case", words FROM case_texts WHERE "case" > :after ORDER BY "case" LIMIT :most'
    )
    put = sa.text(f'UPDATE case_texts SET pieces = {changed} WHERE "case" = :no')
    after = -1
    while rows := connection.execute(asked, {"after": after, "most": _AT_ONCE}).all():
        after = rows[-1].case
        more = [
            {"no": row.case, "more": " ".join(written(found))}
            for row in rows
            if (found := placed(row.words))
        ]
        if more:
            connection.execute(put, more)


def placed(form: str) -> list[str]:
    """As of this revision; later ones write theirs anew."""
    return list(dict.fromkeys(_PLACED.findall(form)))
