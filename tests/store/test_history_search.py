"""Words of notes, transcripts and subjects are found, in Polish, Russian and English, in both databases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.registers.refusals import Refused
from engine.registers.timeline import Snippet, TimelineFilter
from history.interaction import Channel
from history.search_query import snippet, terms_of
from store.registers.text_search import having_terms
from store.store import Store
from store.tables import interactions
from tests.store.people import WE, email, theirs

ALL = TimelineFilter()
TEXTS = {
    "pl": {"note": "Zażółć gęślą jaźń. Łódź, ul. Piotrkowska 12/4"},
    "ru": {"transcript": "Ёлка стоит дороже, чем йод; перезвоните мне"},
    "en": {"subject": "Re: return of order A-1234", "note": "naïve café — don't call", "transcript": "yes"},
    "mail": {"note": "write to anna.nowak@example.com or see example.com/path/x-y_z, £50.10"},
    "bare": {},
}


async def filled(store: Store) -> None:
    for name, fields in TEXTS.items():
        await store.history.timeline.add(WE, theirs(name, email(name), **fields))


async def found(store: Store, text: str, wanted: TimelineFilter = ALL) -> list[str]:
    page = await store.history.timeline.search(text, wanted)
    return [one.interaction.id for one in page.items]


FOUND = (
    ("zażółć", ["pl"]),
    ("ZAZOLC gesla", ["pl"]),
    ("łódź", ["pl"]),
    ("lodz", ["pl"]),
    ("LÓDZ piotrkowska", ["pl"]),
    ('"gesla jazn"', ["pl"]),
    ('"jazn gesla"', []),
    ("piotrk*", ["pl"]),
    ("piotrk", []),
    ("zazo* lodz", ["pl"]),
    ('"ul piotr"*', ["pl"]),
    ("елка", ["ru"]),
    ("ЁЛКА йод", ["ru"]),
    ("перезвон*", ["ru"]),
    ("return order", ["en"]),
    ("a-1234", ["en"]),
    ("1234", ["en"]),
    ("naive CAFÉ", ["en"]),
    ("don't", ["en"]),
    ("call yes", ["en"]),
    ("nowak", ["mail"]),
    ("anna.nowak@example.com", ["mail"]),
    ("path", ["mail"]),
    ("50", ["mail"]),
    ("nothing", []),
    ("gęślą -jaźń", ["pl"]),
    ("a OR b", []),
)


async def test_words_are_found(store: Store) -> None:
    await filled(store)
    for text, ids in FOUND:
        assert await found(store, text) == ids, text


async def test_a_text_without_words_is_refused(store: Store) -> None:
    for text in ("", " ", '"', "*", "-- '", "—"):
        with pytest.raises(Refused, match="Write a word"):
            await found(store, text)


async def test_snippets_show_where(store: Store) -> None:
    await filled(store)
    (one,) = (await store.history.timeline.search("lodz pio*", ALL)).items
    (part,) = one.snippets
    assert part.field == "note"
    assert [part.text[at : at + length] for at, length in part.matches] == ["Łódź", "Piotrkowska"]
    (one,) = (await store.history.timeline.search("yes call", ALL)).items
    assert [part.field for part in one.snippets] == ["note", "transcript"]
    assert one.snippets[1] == Snippet("transcript", "yes", ((0, 3),))


def test_a_long_text_is_cut_around_the_match() -> None:
    text = "słowo " * 100 + "Łódź " + "słowo " * 100
    cut = snippet(text, terms_of("lodz"))
    assert cut is not None
    shown, ((at, length),) = cut
    assert shown[at : at + length] == "Łódź"
    assert len(shown) < 160
    assert shown.startswith("… słowo")
    assert shown.endswith("słowo …")


async def test_filters_and_pages(store: Store) -> None:
    for n in range(5):
        row = theirs(str(n), email("anna" if n % 2 else "jan"), note="wspólne słowo")
        await store.history.timeline.add(WE, row)
    first = await store.history.timeline.search("slowo", ALL, limit=2)
    second = await store.history.timeline.search("slowo", ALL, limit=2, after=first.after)
    third = await store.history.timeline.search("slowo", ALL, limit=2, after=second.after)
    pages = [[one.interaction.id for one in page.items] for page in (first, second, third)]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert third.after is None
    anna = await store.history.contacts.by_point(email("anna"))
    assert anna is not None
    page = await store.history.timeline.search("slowo", ALL, contact_id=anna.id)
    assert [one.interaction.id for one in page.items] == ["3", "1"]
    assert await found(store, "slowo", TimelineFilter(channel=Channel.CALL)) == []


async def test_a_later_transcript_is_found_and_erased_words_are_not(store: Store) -> None:
    await filled(store)

    async def change(sql: str) -> None:
        async with store._engine.begin() as connection:
            await connection.exec_driver_sql(sql)

    await change("UPDATE interactions SET transcript = 'Ósma rano' WHERE id = 'bare'")
    assert await found(store, "osma") == ["bare"]
    await change("UPDATE interactions SET transcript = 'dziewiąta' WHERE id = 'bare'")
    assert (await found(store, "osma"), await found(store, "dziewiata")) == ([], ["bare"])
    await change("UPDATE interactions SET note = NULL, transcript = NULL, subject = NULL WHERE id = 'en'")
    assert await found(store, "yes") == []
    await change("DELETE FROM interactions WHERE id = 'ru'")
    assert await found(store, "йод") == []
    if store._engine.dialect.name == "sqlite":
        await change("INSERT INTO interaction_words (interaction_words) VALUES ('integrity-check')")
    assert await found(store, "lodz") == ["pl"], "the others are as they were"


async def test_no_text_is_a_mistake_of_the_database(store: Store) -> None:
    tried: list[str] = []

    @given(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
        | st.text("\"'*:&|!<->()^+-~{}a NEAR", max_size=20)
    )
    @settings(max_examples=300, database=None, derandomize=True, deadline=None)
    def collect(text: str) -> None:
        tried.append(text)

    collect()
    await store.history.timeline.add(WE, theirs("all", note="".join(tried)))
    async with store._engine.connect() as connection:
        for text in tried:
            if terms := terms_of(text):
                having = having_terms(terms, connection.dialect.name)
                await connection.execute(select(interactions.c.id).where(having))


async def test_a_very_long_transcript_is_kept(store: Store) -> None:
    words = " ".join(f"słowo{n}" for n in range(60_000))
    await store.history.timeline.add(WE, theirs("long", transcript=words))
    assert await found(store, "slowo7") == ["long"]
