"""The worker of rules on events: it reads what was published, and queues what the rules answer with.

    publications -> what happened -> rules that hold -> template filled -> queued, with how far was read

How far was read is written in the transaction of the messages: whoever dies in between reads on from there,
and answers nothing twice. What was published before rules were there for the first time is not answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

import structlog

from calls.numbers import parse_number
from compliance.facts import Channel
from engine.followup.composing import LinkMaking, NotComposed, composed, point_for
from engine.lookout import Lookout
from engine.ports import Clock, Ids, StoreUnavailable
from engine.registers.followups import Followup, Followups, Limit, RatingRequest, Served
from engine.registers.publications import PublicationLog, Told
from engine.registers.refusals import Missing
from history.contact import Contact
from history.interaction import ContactPoint, PointKind
from messaging.followups import KINDS, CallFacts, Event, Happening, Rule, happening_of, needs_call
from messaging.replies import is_persons_number
from messaging.templates import MessageTemplate

log = structlog.get_logger("followups")

READER = "followups"
BATCH = 200
LOOK_SECONDS = 1.0
AWAY_SECONDS = 5.0
TIDY_SECONDS = 3600.0
# What somebody asks for by a word may come for so long, whatever the hour.
ASKED_FOR = timedelta(minutes=15)
# Automatic answers to one person; two machines never talk with each other for long.
MOST_ANSWERS_AN_HOUR = 3
# The name of the question in the call's log.
RATING_STEP = "message"


class People(Protocol):
    """Implemented by the contacts' register."""

    async def get(self, contact_id: str) -> Contact: ...

    async def by_point(self, point: ContactPoint) -> Contact | None: ...


class FollowupRules:
    """`templates` by name; every rule's is among them. `zone`: in which times are written."""

    def __init__(
        self,
        rules: Sequence[Rule],
        templates: Mapping[str, MessageTemplate],
        *,
        told: PublicationLog,
        register: Followups,
        people: People,
        clock: Clock,
        ids: Ids,
        zone: tzinfo,
        region: str,
        links: LinkMaking | None = None,
    ) -> None:
        self._rules = tuple(rules)
        self._templates = templates
        self._told = told
        self._register = register
        self._people = people
        self._clock = clock
        self._ids = ids
        self._zone = zone
        self._region = region
        self._links = links
        self.lookout = Lookout(
            "events that messages follow", self.look, every_seconds=LOOK_SECONDS, away_seconds=AWAY_SECONDS
        )
        self._tidied_at = float("-inf")
        self._looked_at = 0

    def put(self, rules: Sequence[Rule], templates: Mapping[str, MessageTemplate]) -> None:
        """Other rules with their templates, from the next event on."""
        self._rules, self._templates = tuple(rules), templates

    async def look(self) -> None:
        """All that there is to do now."""
        while await self._register.check_messages(limit=BATCH) == BATCH:
            pass
        if self._rules:
            while await self._read():
                pass
        now = self._clock.monotonic()
        if now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            await self._register.tidy()

    async def _read(self) -> bool:
        """One batch. True: there may be more."""
        was, until = await self._register.read_up_to(READER), await self._told.settled()
        if was is None:
            await self._register.keep(READER, None, until, ())
            return False
        after = max(was, self._looked_at)
        if until <= after:
            return False
        batch = await self._told.between(after, until, limit=BATCH, kinds=KINDS)
        if not batch:  # nothing that a rule could answer: not worth a transaction
            self._looked_at = until
            return False
        number = batch[-1].number if len(batch) == BATCH else until
        made: list[Followup] = []
        served: list[Served] = []
        for one in batch:
            try:
                answers, now_served = await self._answers(one)
                for talk in now_served:  # whoever was missed before it, of this batch or earlier
                    made = [followup for followup in made if not talk.is_for(followup)]
                served += now_served
                made += answers
            except StoreUnavailable:
                raise
            except Exception:  # one that cannot be read holds none of the others up
                log.exception("an event could not be answered", publication=one.id)
        kept = await self._register.keep(READER, was, number, made, served)
        if kept:
            log.info("messages follow of themselves", messages=kept)
        return number < until

    # --- one publication ----------------------------------------------------------------------------------

    async def _answers(self, told: Told) -> tuple[list[Followup], list[Served]]:
        now = self._clock.now()
        rules, templates = self._rules, self._templates  # others may be put meanwhile
        facts = CallFacts()
        if needs_call(told.kind):
            facts = await self._register.call_facts(str(told.data.get("id") or ""))
        made: list[Followup] = []
        served: list[Served] = []
        missed = tuple(rule.name for rule in rules if rule.on is Event.CALL_MISSED)
        for happening in happening_of(told.kind, told.data, told.at, facts):
            holding = [rule for rule in rules if rule.holds(happening, now)]
            answers = [await self._answer(rule, templates[rule.send], happening, now) for rule in holding]
            made += [one for one in answers if one is not None]
            own = self._point(happening)
            if missed and happening.event is Event.CALL_ENDED and happening.talked and own is not None:
                contact = await self._contact(happening, own)
                served.append(Served(own, None if contact is None else contact.id, missed))
        return made, served

    async def _answer(
        self, rule: Rule, template: MessageTemplate, happening: Happening, now: datetime
    ) -> Followup | None:
        own = self._point(happening)
        if (
            rule.answers_words
            and happening.channel is Channel.SMS
            and not (own and is_persons_number(own.value))
        ):
            return None
        channel = rule.channel
        if happening.event is Event.MESSAGE_RECEIVED and happening.channel is not None:
            channel = happening.channel  # an answer goes back the way the question came
        contact = await self._contact(happening, own)
        point = point_for(channel, contact, own)
        if point is None:
            log.info("a rule has nowhere to write to", rule=rule.name, about=happening.key)
            return None
        word = rule.understood(happening)
        try:
            made = composed(
                template,
                self._ids.new(),
                channel=channel,
                point=point,
                contact=contact,
                values=happening.values,
                language=(word and word.language) or happening.language,
                now=now,
                zone=self._zone,
                links=self._links,
            )
        except NotComposed as why:
            log.warning(
                "a rule's message cannot be written", rule=rule.name, about=happening.key, why=str(why)
            )
            return None
        asked = rule.on is Event.MESSAGE_RECEIVED
        message = replace(
            made.message,
            not_before=now + rule.after,
            expires_at=now + rule.after + (rule.rate_within or rule.within),
            campaign=happening.campaign or None,
            call_id=happening.call_id,
            debt=happening.debt,
            in_reply_to=happening.message_id,
            requested_at=now if asked else None,
            requested_until=now + rule.after + ASKED_FOR if asked else None,
        )
        rating = None
        if rule.rate_within is not None and happening.call_id is not None:
            until = now + rule.after + rule.rate_within
            rating = RatingRequest(happening.call_id, RATING_STEP, until)
        return Followup(happening.key, rule.name, message, made.link, self._limits(rule, now), rating)

    def _limits(self, rule: Rule, now: datetime) -> tuple[Limit, ...]:
        found = []
        if rule.once_per is not None:
            found.append(Limit((rule.name,), now - rule.once_per))
        if rule.on is Event.MESSAGE_RECEIVED:
            answers = tuple(one.name for one in self._rules if one.on is Event.MESSAGE_RECEIVED)
            found.append(Limit(answers, now - timedelta(hours=1), MOST_ANSWERS_AN_HOUR))
        return tuple(found)

    def _point(self, happening: Happening) -> ContactPoint | None:
        if happening.point is not None:
            return ContactPoint(PointKind(happening.point[0]), happening.point[1])
        number = parse_number(happening.number, self._region).e164 if happening.number else None
        return None if number is None else ContactPoint(PointKind.PHONE, number)

    async def _contact(self, happening: Happening, own: ContactPoint | None) -> Contact | None:
        if happening.contact_id is not None:
            try:
                return await self._people.get(happening.contact_id)
            except Missing:
                return None
        return None if own is None else await self._people.by_point(own)
