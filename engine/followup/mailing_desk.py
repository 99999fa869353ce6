"""What a mailing would do, before it does it: mistakes, first messages, refusals by rule, parts and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from compliance.facts import Channel, Purpose
from engine.followup.kept_previews import KeptPreviews
from engine.followup.mailings import written_ones
from engine.followup.shelf import MessageShelf
from engine.followup.verdicts import request_of
from engine.gatekeeper import Gate
from engine.ports import Clock, Ids
from engine.registers.actor import Actor
from engine.registers.mailings import Mailing, Mailings, ToWrite
from engine.registers.messages import Message
from engine.registers.refusals import Changed, Missing, Refused
from messaging.mailing import LeftOut, MailingState, Order
from messaging.parts import NotText, TooLong, parts_of
from messaging.prices import estimate

# So many people are looked at; of a larger audience a fair share, and that is said.
SAMPLE = 300
SHOWN = 10


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """To one person. `rule`, `refused`: which one forbids it now, and why. `why`: there are no words."""

    contact_id: str
    channel: Channel | None = None
    language: str | None = None
    text: str = ""
    subject: str = ""
    parts: int | None = None
    rule: str | None = None
    refused: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """`sampled`: how many of `recipients` were looked at; figures below are of these, and `cost` of all.

    `later`: refused now and to be sent at another hour. `refused`: for good, by rule. `unwritten`: without
    words, by the reason. `parts`: of SMS. `cost`: in minor units; None: without a table of prices.
    """

    mistakes: tuple[str, ...]
    recipients: int = 0
    left_out: Mapping[LeftOut, int] | None = None
    sampled: int = 0
    allowed: int = 0
    later: Mapping[str, int] | None = None
    refused: Mapping[str, int] | None = None
    unwritten: Mapping[str, int] | None = None
    parts: int = 0
    cost: int | None = None
    currency: str | None = None
    unpriced: int = 0
    first: tuple[PreviewMessage, ...] = ()


class MailingDesk:
    """For pages, the API and the command line."""

    def __init__(
        self,
        mailings: Mailings,
        shelf: Callable[[], MessageShelf],
        gate: Gate,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self.mailings = mailings
        self._shelf = shelf
        self._gate = gate
        self._clock = clock
        self._ids = ids
        self._previews = KeptPreviews[tuple[MessageShelf, Preview]](clock)

    @property
    def shelf(self) -> MessageShelf:
        return self._shelf()

    async def create(self, actor: Actor, mailing: Mailing) -> Mailing:
        """As a draft; `id` and times are given here. Raises Refused."""
        now = self._clock.now()
        _check(mailing)
        draft = replace(mailing, id=self._ids.new(), created_at=now, updated_at=now)
        return await self.mailings.create(actor, draft)

    async def change(self, actor: Actor, mailing: Mailing) -> Mailing:
        _check(mailing)
        return await self.mailings.change(actor, mailing)

    async def mistakes(self, mailing: Mailing) -> list[str]:
        """Each in one sentence with the remedy; a mailing with any does not start."""
        shelf, attributes = self._shelf(), await self.mailings.attribute_names()
        given = list(mailing.values)
        if mailing.cascade is not None:
            cascade = shelf.cascades.get(mailing.cascade)
            if cascade is None:
                return [f"There is no cascade {mailing.cascade}: choose another, or write its file."]
            return shelf.cascade_mistakes(cascade, attributes, given)
        template = shelf.templates.get(mailing.template or "")
        if template is None:
            return [f"There is no template {mailing.template}: choose another, or write its file."]
        assert mailing.channel is not None
        found = shelf.bulk_mistakes(template, attributes, given)
        if (lacks := template.lacks_for(mailing.channel)) is not None:
            found.append(f"{lacks[0].upper()}{lacks[1:]}.")
        return found

    def purpose(self, mailing: Mailing) -> Purpose | None:
        """Of its template, or of its cascade's first one."""
        shelf, name = self._shelf(), mailing.template
        if mailing.cascade is not None and (cascade := shelf.cascades.get(mailing.cascade)) is not None:
            name = cascade.steps[0].template if cascade.steps else None
        template = shelf.templates.get(name or "")
        return None if template is None else template.purpose

    async def preview(self, mailing: Mailing) -> Preview:
        """Nothing is written, and the decision log holds nothing of it. Raises Missing, Refused.

        What was looked at a moment ago is shown again, unless the mailing or the files have changed.
        """
        key, shelf = (mailing.id, mailing.version), self._shelf()
        known = self._previews.get(key) if mailing.id else None
        if known is not None and known[0] is shelf:
            return known[1]
        made = await self._preview(mailing)
        if mailing.id:
            self._previews.keep(key, (shelf, made))
        return made

    async def _preview(self, mailing: Mailing) -> Preview:
        found = await self.mistakes(mailing)
        try:
            audience = await self.mailings.audience(mailing, most=SAMPLE)
        except Missing as missing:
            return Preview((*found, str(missing)))
        if found:
            return Preview(tuple(found), audience.recipients, audience.left_out)
        now, shelf = self._clock.now(), self._shelf()
        waiting = [ToWrite(n, contact) for n, contact in enumerate(audience.sample, 1)]
        later, refused, unwritten = Counter[str](), Counter[str](), Counter[str]()
        shown: list[PreviewMessage] = []
        priced: list[tuple[str, int]] = []
        allowed = parts = 0
        for one, person in zip(written_ones(mailing, waiting, shelf, now), audience.sample, strict=True):
            message = one.messages[0] if one.messages else None
            if message is None:
                notes = () if one.run is None else one.run.notes
                why = one.why or "; ".join(notes) or "the person has no address of any step"
                unwritten[why] += 1
                shown.append(PreviewMessage(person.id, why=why))
                continue
            count, too_long = _parts_of(message)
            if too_long:
                unwritten[too_long] += 1
                shown.append(PreviewMessage(person.id, message.channel, message.language, why=too_long))
                continue
            decision = await self._gate.would_be(request_of(message), now)
            rule = decision.rule or ""
            if decision.allowed:
                allowed += 1
            elif _comes_later(decision.next_allowed_at, message.expires_at):
                later[rule] += 1
            else:
                refused[rule] += 1
            if count is not None and (decision.allowed or rule not in refused):
                parts += count
                priced.append((message.point.value if message.point else "", count))
            shown.append(
                PreviewMessage(
                    person.id,
                    message.channel,
                    message.language,
                    message.text,
                    message.subject,
                    count,
                    None if decision.allowed else rule,
                    "" if decision.allowed else decision.reason or "",
                )
            )
        cost, currency, unpriced = None, None, 0
        if shelf.prices is not None and waiting:
            guess = estimate(shelf.prices, priced)
            currency, unpriced = guess.currency, guess.unpriced
            cost = round(guess.cost * audience.recipients / len(waiting))
        return Preview(
            (),
            audience.recipients,
            audience.left_out,
            len(waiting),
            allowed,
            dict(later),
            dict(refused),
            dict(unwritten),
            parts,
            cost,
            currency,
            unpriced,
            tuple(shown[:SHOWN]),
        )

    async def start(self, actor: Actor, id: str, *, version: int | None = None) -> Mailing:
        """Checked anew: one with mistakes does not start. `version`: the one that was looked at.

        Raises Refused, Changed.
        """
        mailing = await self.mailings.get(id)
        if version not in (None, mailing.version):
            raise Changed(f"The mailing is of version {mailing.version} now: read it again.", mailing.version)
        if mailing.state in (MailingState.DRAFT, MailingState.CHECKED):
            if found := await self.mistakes(mailing):
                more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
                raise Refused(f"{found[0]}{more}", "template")
            if mailing.ends_at is not None and mailing.ends_at <= self._clock.now():
                raise Refused("Its end is past: choose a later one.", "ends_at", "mailing_end")
            known = replace(mailing, purpose=self.purpose(mailing))
            await self.mailings.change(actor, known, order=Order.CHECK)
        return await self.mailings.order(actor, id, Order.START)

    async def order(self, actor: Actor, id: str, order: Order, reason: str = "") -> Mailing:
        """Pause, go on or stop. Raises Refused."""
        return await self.mailings.order(actor, id, order, reason)


def _check(mailing: Mailing) -> None:
    """What the parts of a mailing must be among each other. Raises Refused."""
    if (mailing.template is None) == (mailing.cascade is None):
        told = "Name a template with its channel, or a cascade, and not both."
        raise Refused(told, "template", "mailing_what")
    if mailing.template is not None and mailing.channel in (None, Channel.CALL):
        told = "A template goes by sms, email, push or messenger: name one."
        raise Refused(told, "channel", "mailing_channel")
    if mailing.cascade is not None and mailing.channel is not None:
        told = "A cascade has channels of its own: leave the channel out."
        raise Refused(told, "channel", "mailing_cascade_channel")
    if (mailing.segment_id is None) == (not mailing.contact_ids):
        told = "Name a segment, or a list of contacts, and not both."
        raise Refused(told, "segment_id", "mailing_people")
    if (mailing.opens is None) != (mailing.closes is None) or (
        mailing.opens is not None and mailing.opens == mailing.closes
    ):
        told = "Write both from when and until when, two different times."
        raise Refused(told, "opens", "mailing_hours")


def _parts_of(message: Message) -> tuple[int | None, str]:
    """Of an SMS; and why it cannot be sent."""
    if message.channel is not Channel.SMS:
        return None, ""
    try:
        return parts_of(message.text).count, ""
    except (TooLong, NotText) as why:
        return None, str(why)


def _comes_later(then: datetime | None, expires_at: datetime | None) -> bool:
    return then is not None and (expires_at is None or then < expires_at)
