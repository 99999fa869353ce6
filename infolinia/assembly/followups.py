"""What follows of itself, wired: rules on events, grades by message, short links."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

from console.short_links import ShortLinkPages
from engine.followup.composing import LinkMaking
from engine.followup.rules import FollowupRules
from engine.ports import Clock, Ids
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration
from infolinia.message_templates import load_templates, template_folder
from infolinia.sections.followups import template_problems
from messaging.followups import Rule
from messaging.links import ID_BYTES
from store.store import Store


def rules_of(configuration: Configuration) -> tuple[Rule, ...]:
    """Those that are written, and the queues' questions for a grade."""
    asked = (
        section.rate_by_sms.rule(name)
        for name, section in configuration.queues.items()
        if section.rate_by_sms is not None
    )
    return (*(section.rule() for section in configuration.followups), *asked)


def link_making(configuration: Configuration) -> LinkMaking | None:
    """None: short links are not made here."""
    section = configuration.messaging
    if section.links_url is None:
        return None
    lifetime = timedelta(days=section.links_days)
    return LinkMaking(section.links_url, lambda: secrets.token_bytes(ID_BYTES), lifetime)


def follow_up(
    configuration: Configuration, store: Store, clock: Clock, ids: Ids, stack: AsyncExitStack
) -> ShortLinkPages:
    """Answer events from now on, until the stack ends. Raises StartFailed and ConfigurationRejected."""
    rules, templates = rules_of(configuration), load_templates(configuration)
    links = link_making(configuration)
    problems = [f"{template_folder(configuration)}: {one}" for one in template_problems(rules, templates)]
    if links is None:
        problems += [
            f"{templates[rule.send].file}: rule {rule.name} sends a link: set `messaging.links_url`."
            for rule in rules
            if rule.send in templates and templates[rule.send].link is not None
        ]
    if problems:
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
        links=links,
    )
    worker.start()
    stack.push_async_callback(worker.close)
    return ShortLinkPages(store.short_links, clock)
