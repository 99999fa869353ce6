"""A numbered list read out to the caller, who picks one: `menu: {each: …}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ivr.asked import Option
from ivr.commands import Listen
from ivr.sentences import OFFER
from ivr.talk import Filled
from ivr.turns.options import OptionTurn
from ivr.turns.turn import Candidate
from wording.navigation import navigation_phrases
from wording.option_words import option_phrases, option_words
from wording.phrases import normalised
from wording.templates import Template

if TYPE_CHECKING:
    from ivr.flow import Step
    from ivr.steps.menu import Menu
    from ivr.talk import Talk, Wording

ITEM = "it"
"""The name of the item in its offer."""

# A word of an offer picks it when no other offer has it; shorter ones are prepositions.
SHORTEST_TELLING_WORD = 4


def offers(menu: Menu, talk: Talk) -> Sequence[object]:
    """The items that can be offered now; none when the expression gives no list."""
    assert menu.each is not None
    found = menu.each.value(talk.scope, str(talk.scope["language"]))
    return found[: menu.most] if isinstance(found, list | tuple) else ()


def offer_wording(offer: Mapping[str, Template], sentence: Wording = OFFER) -> Wording:
    """The sentence that offers an item under its number, with the author's text in it."""
    return {language: _spliced(sentence[language], template) for language, template in offer.items()}


def _spliced(sentence: Template, offer: Template) -> Template:
    parts: list[object] = []
    for part in sentence.parts:
        parts += offer.parts if not isinstance(part, str) and part.source == "offer" else (part,)
    names = (sentence.names - {"offer"}) | offer.names
    return Template(sentence.source.replace("{offer}", offer.source), tuple(parts), names)  # type: ignore[arg-type]


class OfferTurn(OptionTurn):
    """`items`: at least one and at most nine."""

    def __init__(self, talk: Talk, step: Step, menu: Menu, items: Sequence[object]) -> None:
        super().__init__(talk, step, menu, tuple(str(number) for number in range(1, len(items) + 1)))
        assert menu.each is not None
        assert menu.offer is not None
        self._menu = menu
        self._items = items
        self._secret_of = next(
            (talk.secrets[name] for name in sorted(menu.each.names & talk.secrets.keys())), None
        )
        self.secret = self._secret_of is not None
        self._meaning: dict[str, dict[str, str]] = {}
        phrases: dict[str, tuple[str, ...]] = {}
        for language in talk.languages:
            meant = self._picks(language, menu.offer[language])
            phrases[language] = (*dict.fromkeys((*meant, *navigation_phrases(language))),)
            self._meaning[language] = {normalised(phrase): key for phrase, key in meant.items()}
        self._listen = Listen(phrases)
        self.begin()

    def question(self) -> Sequence[Wording | Filled]:
        lead: tuple[Wording, ...] = (self._menu.prompt,) if self._menu.prompt else ()
        written = self.talk.surroundings.written
        wording = self._menu.offer_written if written else self._menu.offer_wording
        return (
            *lead,
            *(
                Filled(wording, {ITEM: item, "number": str(number)}, self.secret)
                for number, item in enumerate(self._items, 1)
            ),
        )

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        language = next(one for one in (*languages, *self.talk.languages) if one in (self._menu.offer or {}))
        return tuple(
            Option(str(number), str(number) if self.secret else self._said(language, item))
            for number, item in enumerate(self._items, 1)
        )

    def _said(self, language: str, item: object) -> str:
        assert self._menu.offer is not None
        return self._menu.offer[language].render({**self.talk.scope, ITEM: item}, language)

    def ears(self) -> Listen:
        return self._listen

    def meant(self, text: str, language: str) -> str | None:
        return self._meaning[language].get(normalised(text))

    def accept(self, answer: Candidate) -> None:
        self.note_understood(answer, {"choice": answer.value})
        self.talk.set(self._menu.into or "", self._items[int(answer.value) - 1], self._secret_of)
        self.talk.finish("next")

    def _picks(self, language: str, offer: Template) -> dict[str, str]:
        """Phrase -> the item it picks: its number, its whole offer, and words that no other offer has."""
        said = [offer.render({**self.talk.scope, ITEM: item}, language) for item in self._items]
        words = [set(normalised(text).split()) for text in said]
        picks = {
            phrase: str(number)
            for number in range(1, len(said) + 1)
            for phrase in option_phrases(number, language)
        }
        for at, text in enumerate(said):
            others = set().union(*words[:at], *words[at + 1 :]) | _not_telling(language)
            telling = sorted(w for w in words[at] - others if len(w) >= SHORTEST_TELLING_WORD and w.isalpha())
            whole = [text] if normalised(text) and said.count(text) == 1 else []
            for phrase in (*whole, *telling):
                picks.setdefault(phrase, str(at + 1))
        return picks


@lru_cache(maxsize=8)
def _not_telling(language: str) -> frozenset[str]:
    """Words that mean something else, whatever the offers are."""
    wishes = (normalised(phrase) for phrase in navigation_phrases(language))
    return option_words(language).union(*(wish.split() for wish in wishes))
