"""Callbacks, wired: the rule of missed calls, the forms, and the keeper of windows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from console.callback_forms import CallbackForm, CallbackForms
from console.metrics import Metrics
from dialer.callbacks import KEEPING, CallbackRules, PersonalRule
from engine.callback_keeping import CallbackKeeper
from engine.missed_calls import MissedCalls
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.campaigns import Campaigns
from history.callback_windows import Promise
from infolinia.assembly.background import in_background
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration
from infolinia.sections.callbacks import missing_form_secrets, secret_of
from infolinia.sections.chats import unkept_callbacks
from schedules.opening_hours import OpeningHours
from store.store import Store

STORE_SECONDS = 10.0
MOST_CAMPAIGNS = 200

log = structlog.get_logger(__name__)


def keep_callbacks(store: Store, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Look for broken ones from now on, until the stack ends."""
    keeper = CallbackKeeper(store.callbacks)
    metrics.watch_callbacks(keeper.counts)
    in_background(keeper.lookout.run(), stack)


class KeptCallbacks:
    """Whether anybody makes the calls that visitors of our chats are promised."""

    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    async def doubts(self, configuration: Configuration) -> Sequence[str]:
        """A sentence for each site whose callbacks nobody keeps now; none while the store does not answer."""
        otherwise = configuration.callbacks.campaign
        if not any(unkept_callbacks(configuration.chats, otherwise=otherwise)):
            return ()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                page = await self._campaigns.list(KEEPING, limit=MOST_CAMPAIGNS)
        except (StoreUnavailable, TimeoutError):
            return ()
        kept = {topic for one in page.items for topic in one.topics}
        return tuple(unkept_callbacks(configuration.chats, otherwise=otherwise, kept_topics=kept))

    async def tell(self, configuration: Configuration) -> None:
        """The same in the log, at the start."""
        for sentence in await self.doubts(configuration):
            log.warning(sentence)


def promise(configuration: Configuration) -> Promise:
    section = configuration.callbacks
    return Promise(timedelta(seconds=section.within), hours_of(configuration, section.hours))


def callback_rules(configuration: Configuration) -> CallbackRules:
    """By which campaigns keep callbacks."""
    section = configuration.callbacks
    personal = section.personal
    return CallbackRules(
        section.campaign, PersonalRule(timedelta(seconds=personal.wait), personal.away == "wait")
    )


def missed_calls(configuration: Configuration) -> MissedCalls | None:
    """None: nobody is called back who did not ask."""
    rule = configuration.callbacks.missed
    if not rule.numbers:
        return None
    return MissedCalls(
        numbers=frozenset(rule.numbers),
        topic=rule.topic,
        outcomes=frozenset(rule.outcomes),
        shortest_wait_seconds=rule.shortest_wait,
        within=timedelta(seconds=rule.within),
        hours=hours_of(configuration, rule.hours),
        closed=rule.closed,
    )


def callback_forms(configuration: Configuration, store: Store, clock: Clock, ids: Ids) -> CallbackForms:
    """Raises StartFailed when the environment lacks a secret."""
    if problems := list(missing_form_secrets(configuration.forms)):
        raise StartFailed("\n".join(problems))
    forms = {
        name: CallbackForm(
            name=name,
            secret=secret_of(form),
            topic=form.topic or name,
            campaign=form.campaign,
            origins=frozenset(form.origins),
            within=timedelta(seconds=form.within),
            languages=frozenset(form.languages),
            hours=hours_of(configuration, form.hours),
        )
        for name, form in configuration.forms.items()
    }
    return CallbackForms(
        forms,
        store.callbacks,
        clock=clock,
        ids=ids,
        region=configuration.country,
        zone=ZoneInfo(configuration.time_zone),
    )


def hours_of(configuration: Configuration, name: str | None) -> OpeningHours | None:
    """Those of this name; None for none."""
    if name is None:
        return None
    return configuration.hours[name].opening_hours(ZoneInfo(configuration.time_zone))
