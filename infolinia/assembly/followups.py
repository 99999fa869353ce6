"""What follows of itself, wired: rules on events, grades by message, short links."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from console.short_links import ShortLinkPages
from engine.followup.composing import LinkMaking
from engine.followup.rules import FollowupRules
from engine.ports import Clock, Ids, StoreUnavailable
from infolinia.assembly.background import in_background
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.message_cascades import load_cascades
from infolinia.message_templates import load_templates, misspelt_values, template_folder, unknown_values
from infolinia.reloading import FilesRead
from infolinia.sections.followups import template_problems
from infolinia.sections.messaging import USUAL_ANSWER
from messaging.followups import VALUES, Rule
from messaging.links import ID_BYTES
from messaging.templates import MessageTemplate
from messaging.word_answers import ANSWERED, usual_name, usual_template, word_rule
from store.store import Store

STORE_SECONDS = 10.0

log = structlog.get_logger("followups")


def rules_of(configuration: Configuration) -> tuple[Rule, ...]:
    """Those that are written, the queues' questions for a grade, and what answers HELP and START."""
    asked = (
        section.rate_by_sms.rule(name)
        for name, section in configuration.queues.items()
        if section.rate_by_sms is not None
    )
    words = configuration.messaging.words
    answered = (
        word_rule(wish, usual_name(wish) if template == USUAL_ANSWER else template, words.opting())
        for wish, template in words.answers.templates().items()
        # The usual answer says who writes.
        if template != USUAL_ANSWER or configuration.outbound.company.strip()
    )
    return (*(section.rule() for section in configuration.followups), *asked, *answered)


def templates_of(configuration: Configuration) -> dict[str, MessageTemplate]:
    """Those of the folder, and the usual answers. Raises ConfigurationRejected."""
    company = configuration.outbound.company.strip()
    usual = {usual_name(wish): usual_template(wish, company) for wish in ANSWERED if company}
    return {**load_templates(configuration), **usual}


def link_making(configuration: Configuration) -> LinkMaking | None:
    """None: short links are not made here."""
    section = configuration.messaging
    if section.links_url is None:
        return None
    lifetime = timedelta(days=section.links_days)
    return LinkMaking(section.links_url, lambda: secrets.token_bytes(ID_BYTES), lifetime)


@dataclass(frozen=True, slots=True)
class FollowingUp:
    """The worker, and where short links are answered."""

    worker: FollowupRules
    pages: ShortLinkPages
    attribute_names: Callable[[], Awaitable[Sequence[str]]]

    def read(self, configuration: Configuration) -> FilesRead:
        """Its rules with their templates as they are now. Raises ConfigurationRejected."""
        rules, templates = rules_of(configuration), templates_of(configuration)
        if problems := _problems(configuration, rules, templates):
            raise ConfigurationRejected("\n".join(problems))
        return FilesRead(lambda: self.worker.put(rules, templates))

    async def doubts(self, configuration: Configuration) -> Sequence[str]:
        """A sentence for each value that no message can have now; none while the store does not answer."""
        try:
            templates = await asyncio.to_thread(load_templates, configuration)
            async with asyncio.timeout(STORE_SECONDS):
                attributes = await self.attribute_names()
        except (ConfigurationRejected, StoreUnavailable, TimeoutError):
            return ()
        found = unknown_values(templates, _given(rules_of(configuration)), attributes)
        return [f"{template_folder(configuration)}: {one}" for one in found]

    async def tell(self, configuration: Configuration) -> None:
        """The same in the log, at the start."""
        for sentence in await self.doubts(configuration):
            log.warning(sentence)


def _problems(
    configuration: Configuration, rules: Iterable[Rule], templates: Mapping[str, MessageTemplate]
) -> list[str]:
    folder, rules = template_folder(configuration), tuple(rules)
    found = rule_problems(rules, templates, links=configuration.messaging.links_url)
    found += misspelt_values(templates, _given(rules))
    return [f"{folder}: {one}" for one in found]


def _given(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    given: dict[str, frozenset[str]] = {}
    for rule in rules:
        given[rule.send] = given.get(rule.send, frozenset()) | VALUES[rule.on]
    return given


def message_problems(configuration: Configuration) -> list[str]:
    """Of the files of messages and the rules that send them, one sentence each."""
    try:
        templates = templates_of(configuration)
        load_cascades(configuration, templates)
    except ConfigurationRejected as rejected:
        return [str(rejected)]
    return _problems(configuration, rules_of(configuration), templates)


def rule_problems(
    rules: Iterable[Rule], templates: Mapping[str, MessageTemplate], *, links: str | None
) -> list[str]:
    """One sentence each."""
    rules = tuple(rules)
    problems = list(template_problems(rules, templates))
    if links is None:
        problems += [
            f"rule {rule.name} sends a link: set `messaging.links_url`."
            for rule in rules
            if rule.send in templates and templates[rule.send].link is not None
        ]
    return problems


def follow_up(
    configuration: Configuration, store: Store, clock: Clock, ids: Ids, stack: AsyncExitStack
) -> FollowingUp:
    """Answer events from now on, until the stack ends. Raises StartFailed and ConfigurationRejected."""
    rules, templates = rules_of(configuration), templates_of(configuration)
    if problems := _problems(configuration, rules, templates):
        raise StartFailed("\n".join(problems))
    worker = FollowupRules(
        rules,
        templates,
        told=store.publications,
        register=store.followups,
        people=store.history.contacts,
        clock=clock,
        ids=ids,
        zone=ZoneInfo(configuration.time_zone),
        region=configuration.country,
        links=link_making(configuration),
    )
    in_background(worker.lookout.run(), stack)
    pages = ShortLinkPages(store.short_links, clock)
    return FollowingUp(worker, pages, store.mailings.attribute_names)
