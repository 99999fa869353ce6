"""Full-text search of the contact history.

Both databases index the same words of note, transcript and subject, kept right by triggers: folded to lower
case, without diacritics of Latin letters, ł as l and ё as е, as history.folding does it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Letters that keep their stroke when diacritics are taken off.
_STROKED = {"ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ŧ": "t", "ı": "i", "ё": "е"}
# A text search vector holds a megabyte at most; a call of an hour has some 60,000 letters.
_INDEXED_LETTERS = 150_000


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _sqlite() -> None:
    # Contentless: the texts lie in interactions. Its triggers hand the old words to be taken out.
    op.execute(
        "CREATE VIRTUAL TABLE interaction_words USING fts5("
        "words, content='', tokenize=\"unicode61 remove_diacritics 2\")"
    )
    into = "INSERT INTO interaction_words"
    out = f"{into} (interaction_words, rowid, words) SELECT 'delete', old.number, {_sqlite_text('old')}"
    take_out = f"{out} WHERE {_has_text('old')};"
    put_in = f"{into} (rowid, words) SELECT new.number, {_sqlite_text('new')} WHERE {_has_text('new')};"
    for name, when, then in (
        ("added", "INSERT", put_in),
        ("deleted", "DELETE", take_out),
        ("changed", "UPDATE OF note, transcript, subject, number", f"{take_out} {put_in}"),
    ):
        op.execute(f"CREATE TRIGGER interaction_words_{name} AFTER {when} ON interactions BEGIN {then} END")
    op.execute(
        f"INSERT INTO interaction_words (rowid, words) SELECT number, {_sqlite_text('interactions')} "  # noqa: S608
        f"FROM interactions WHERE {_has_text('interactions')}"
    )


def _has_text(row: str) -> str:
    return f"coalesce({row}.note, {row}.transcript, {row}.subject) IS NOT NULL"


def _text(row: str) -> str:
    return " || ' ' || ".join(f"coalesce({row}.{name}, '')" for name in ("subject", "note", "transcript"))


def _sqlite_text(row: str) -> str:
    text = _text(row)
    for letter, plain in _STROKED.items():
        for one in {letter, letter.upper()} - {"I"}:
            text = f"replace({text}, '{one}', '{plain}')"
    return text


def _postgresql() -> None:
    """Its parser would make one word of an address or a path: only letters and digits are handed to it."""
    op.create_table(
        "interaction_words",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("words", TSVECTOR, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_interaction_words"),
    )
    op.create_index("ix_interaction_words_words", "interaction_words", ["words"], postgresql_using="gin")
    stroked, plain = "".join(_STROKED), "".join(_STROKED.values())
    lower = f"lower(normalize(left(given, {_INDEXED_LETTERS}), NFD){_collation()})"
    unmarked = f"normalize(regexp_replace({lower}, '([a-z])[\\u0300-\\u036f]+', '\\1', 'g'), NFC)"
    op.execute(
        "CREATE FUNCTION interaction_words_of(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT "
        f"AS $$ SELECT to_tsvector('simple', regexp_replace(translate({unmarked}, '{stroked}', '{plain}')"
        f"{_collation()}, '[^[:alnum:]]+', ' ', 'g')) $$"
    )
    op.execute(
        "CREATE FUNCTION keep_interaction_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
        "IF TG_OP <> 'INSERT' THEN DELETE FROM interaction_words WHERE number = old.number; END IF; "
        f"IF TG_OP <> 'DELETE' THEN IF {_has_text('new')} THEN "
        f"INSERT INTO interaction_words VALUES (new.number, interaction_words_of({_text('new')})); "
        "END IF; END IF; RETURN NULL; END $$"
    )
    for name, when, row in (
        ("added", "INSERT", "new"),
        ("deleted", "DELETE", "old"),
    ):
        op.execute(
            f"CREATE TRIGGER interaction_words_{name} AFTER {when} ON interactions "
            f"FOR EACH ROW WHEN ({_has_text(row)}) EXECUTE FUNCTION keep_interaction_words()"
        )
    op.execute(
        "CREATE TRIGGER interaction_words_changed AFTER UPDATE OF note, transcript, subject, number "
        "ON interactions FOR EACH ROW EXECUTE FUNCTION keep_interaction_words()"
    )
    op.execute(
        f"INSERT INTO interaction_words SELECT number, interaction_words_of({_text('interactions')}) "  # noqa: S608
        f"FROM interactions WHERE {_has_text('interactions')}"
    )


def _collation() -> str:
    """One that knows the letters of all scripts: in a database of locale C, Ł has no lower case otherwise."""
    known = set(op.get_bind().execute(sa.text("SELECT collname FROM pg_collation")).scalars())
    best = next((name for name in ("und-x-icu", "pg_c_utf8", "C.utf8", "C.UTF-8") if name in known), None)
    return f' COLLATE "{best}"' if best else ""
