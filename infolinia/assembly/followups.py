"""What follows of itself, wired: rules on events, grades by message, short links."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from console.short_links import ShortLinkPages
from engine.followup.composing import LinkMaking
from engine.followup.rules import FollowupRules
from engine.ports import Clock, Ids
from infolinia.assembly.background import in_background
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration, ConfigurationRejected
from infolinia.message_templates import load_templates, template_folder
from infolinia.sections.followups import template_problems
from infolinia.sections.messaging import USUAL_ANSWER
from messaging.followups import Rule
from messaging.links import ID_BYTES
from messaging.templates import MessageTemplate
from messaging.word_answers import ANSWERED, usual_name, usual_template, word_rule
from store.store import Store

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

    def read(self, configuration: Configuration) -> Callable[[], None]:
        """Its rules with their templates as they are now; what is given puts them in force.

        Raises ConfigurationRejected.
        """
        rules, templates = rules_of(configuration), templates_of(configuration)
        if problems := _problems(configuration, rules, templates):
            raise ConfigurationRejected("\n".join(problems))
        return lambda: self.worker.put(rules, templates)


def _problems(
    configuration: Configuration, rules: Iterable[Rule], templates: Mapping[str, MessageTemplate]
) -> list[str]:
    folder = template_folder(configuration)
    found = rule_problems(rules, templates, links=configuration.messaging.links_url)
    return [f"{folder}: {one}" for one in found]


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
    return FollowingUp(worker, pages)
