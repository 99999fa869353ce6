"""`chats:` of the configuration: the web sites that embed our chat and contact form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from infolinia.sections.callbacks import Within, Word, origin
from infolinia.sections.dialogues import two_letters
from infolinia.sections.outbound import FlowName
from ivr.reading.shape import Seconds, guess
from messaging.chat_site import ChatSite, ContactForm, InvitationRule

LONGEST_TEXT = 1000


def _text(value: str) -> str:
    text = value.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise ValueError(f"write a text of 1 to {LONGEST_TEXT} characters")
    return text


def _page(value: str) -> str:
    if not value.startswith("/") or "?" in value or "#" in value or len(value) > 200:
        raise ValueError("write the path of pages without ? and #, such as /pricing*")
    return value


Language = Annotated[str, AfterValidator(two_letters)]
Texts = Mapping[Language, Annotated[str, AfterValidator(_text)]]


class ContactFormSection(BaseModel):
    """`topics`: name -> its words; left out: all requests have `topic`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: Word = "web"
    topics: Mapping[Word, Texts] = {}
    campaign: Word | None = None
    within: Within = 4 * 3600.0


class InviteSection(BaseModel):
    """`pages` empty: any. `visits`: pages seen in this visit, at least."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Texts
    after: Annotated[Seconds, Field(ge=1, le=3600)] = 30.0
    pages: tuple[Annotated[str, AfterValidator(_page)], ...] = ()
    visits: Annotated[int, Field(ge=1, le=100)] = 1


class ChatSection(BaseModel):
    """One site. `languages` empty: the flow's. `hours` left out: always open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origins: Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], Field(min_length=1)]
    flow: FlowName
    languages: tuple[Language, ...] = ()
    title: Texts = {}
    hours: str | None = None
    number: str | None = None
    consent: Texts = {}
    form: ContactFormSection | None = None
    invite: InviteSection | None = None
    at_once: Annotated[int, Field(ge=1, le=10_000)] = 200
    idle: Annotated[Seconds, Field(ge=60, le=86_400)] = 900.0
    query: bool = False

    def texts(self) -> Iterator[tuple[str, Texts]]:
        """Each text that visitors read, by its setting."""
        yield "title", self.title
        yield "consent", self.consent
        if self.invite is not None:
            yield "invite.text", self.invite.text
        if self.form is not None:
            for name, words in self.form.topics.items():
                yield f"form.topics.{name}", words


Chats = Mapping[Word, ChatSection]


def chat_problems(
    chats: Chats, *, hours: Collection[str], campaigns: Sequence[str], numbers: Collection[str]
) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    for name, site in chats.items():
        here = f"chats.{name}"
        if site.hours is not None and site.hours not in hours:
            hint = guess(site.hours, hours) or "; add them to `hours`"
            yield f"{here}.hours: there are no hours {site.hours!r}{hint}."
        if site.number is not None and site.number not in numbers:
            hint = guess(site.number, numbers) or "; add it to `numbers`"
            yield f"{here}.number: no flow answers {site.number!r}{hint}."
        campaign = site.form.campaign if site.form is not None else None
        if campaign is not None and campaign not in campaigns:
            hint = guess(campaign, campaigns) or "; add it to `campaigns`"
            yield f"{here}.form.campaign: there is no campaign {campaign!r}{hint}."
        yield from _text_problems(here, site, site.languages)


def unkept_callbacks(
    chats: Chats, *, otherwise: str | None, kept_topics: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for each site that promises calls which nobody makes.

    `otherwise`: the campaign that keeps what no other does. `kept_topics`: those that campaigns keep.
    """
    for name, site in chats.items():
        form = site.form or ContactFormSection()
        left = sorted({form.topic, *form.topics}.difference(kept_topics))
        if left and form.campaign is None and otherwise is None:
            here = f"chats.{name}" if site.form is None else f"chats.{name}.form"
            yield (
                f"{here}: no campaign is named that keeps its callbacks of {', '.join(left)}: name one in "
                f"chats.{name}.form.campaign or callbacks.campaign, or start a callback campaign of it."
            )


def language_problems(name: str, site: ChatSection, spoken: Sequence[str]) -> Iterator[str]:
    """What is wrong with a site whose flow has these languages."""
    here = f"chats.{name}"
    for language in site.languages:
        if language not in spoken:
            yield (
                f'{here}.languages: the flow {site.flow} does not have "{language}"; '
                f"it has {', '.join(spoken)}."
            )
    if not site.languages:
        yield from _text_problems(here, site, spoken)
    for setting, words in site.texts():
        if strange := [language for language in words if language not in spoken]:
            yield (
                f"{here}.{setting} has {', '.join(strange)}, but the flow {site.flow} has "
                f"{', '.join(spoken)}: leave it out, or add the language to the flow."
            )


def chat_site(name: str, site: ChatSection, spoken: Sequence[str]) -> ChatSite:
    """The site as it is used. `spoken`: the languages of its flow."""
    form, invite = site.form, site.invite
    return ChatSite(
        name=name,
        origins=frozenset(site.origins),
        flow=site.flow,
        languages=site.languages or tuple(spoken),
        title=site.title,
        hours=site.hours,
        form=None
        if form is None
        else ContactForm(form.topic, form.topics, form.campaign, timedelta(seconds=form.within)),
        invitation=None
        if invite is None
        else InvitationRule(invite.text, invite.after, invite.pages, invite.visits),
        number=site.number,
        consent=site.consent,
        at_once=site.at_once,
        idle_seconds=site.idle,
        keeps_query=site.query,
    )


def _text_problems(here: str, site: ChatSection, languages: Sequence[str]) -> Iterator[str]:
    """Texts that some visitors could not read."""
    if not languages:
        return
    for setting, words in site.texts():
        missing = [language for language in languages if language not in words]
        if missing and (words or setting not in ("title", "consent")):
            yield f"{here}.{setting} lacks {', '.join(missing)}: write it in every language of the site."
