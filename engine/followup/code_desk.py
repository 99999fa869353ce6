"""One-time codes for other systems: sent to a person in a message, and compared with what they enter."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from compliance.decision import Decision
from compliance.facts import Channel, Mode, Purpose
from engine.followup.composing import NotComposed, composed
from engine.gatekeeper import ContactRequest, Gate, asked_for
from engine.ports import Clock, Ids
from engine.registers.contacts import Contacts
from engine.registers.followups import KeptCode, OneTimeCodes
from engine.registers.messages import CODE_PRIORITY, Message
from engine.registers.refusals import Refused
from history.contact import Contact
from history.interaction import ContactPoint
from messaging.codes import (
    DIGITS,
    LETTERS_AND_DIGITS,
    CodeRules,
    OneTimeCode,
    TooSoon,
    Verdict,
    as_compared,
    code_of,
    rule_mistakes,
    sent_again,
)
from messaging.templates import CODE, MessageTemplate

# To one number or address; whoever asks for more is a machine, or somebody who pays for none of it.
MOST_AN_HOUR = 5
_MASKED = "…"
_SALT_BYTES = 16
# Where no template is named.
TEXTS: Mapping[str, str] = {
    "en": "{code} is your code. It is good for {minutes} min. Tell it to nobody.",
    "pl": "{code} to Twój kod. Jest ważny {minutes} min. Nikomu go nie podawaj.",
    "ru": "{code} — ваш код. Он действует {minutes} мин. Никому его не сообщайте.",
}

SUBJECTS: Mapping[str, str] = {"en": "Your code", "pl": "Twój kod", "ru": "Ваш код"}


class CodeRefused(Exception):
    """The gate does not let the message go out."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason or decision.rule or "")
        self.decision = decision


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """To whom, how, and under which rules. `template` None: the hotline's own words."""

    point: ContactPoint
    channel: Channel = Channel.SMS
    template: str | None = None
    language: str | None = None
    rules: CodeRules = field(default_factory=CodeRules)


class CodeDesk:
    def __init__(
        self,
        register: OneTimeCodes,
        contacts: Contacts,
        gate: Gate,
        templates: Callable[[], Mapping[str, MessageTemplate]],
        *,
        clock: Clock,
        ids: Ids,
        zone: tzinfo,
    ) -> None:
        self._register = register
        self._contacts = contacts
        self._gate = gate
        self._templates = templates
        self._clock = clock
        self._ids = ids
        self._zone = zone

    async def send(self, order: CodeOrder) -> KeptCode:
        """Queue the message, before all others. Raises Refused, CodeRefused and StoreUnavailable."""
        if mistakes := rule_mistakes(order.rules):
            raise Refused(" ".join(mistakes), "length")
        message, code = await self._made(order)
        kept = self._kept_of(self._ids.new(), message, order.rules)
        salt = secrets.token_bytes(_SALT_BYTES)
        await self._register.add(
            kept, salt, hashed(code, salt), message, since=self._since(), most=MOST_AN_HOUR
        )
        return kept

    async def send_again(self, id: str) -> KeptCode:
        """Another code, which makes the former wrong: after a minute, three in all.

        Raises Missing, Refused, CodeRefused and StoreUnavailable.
        """
        known, before = await self._register.get(id)
        rules = CodeRules(
            length=known.length,
            alphabet=LETTERS_AND_DIGITS if known.letters else DIGITS,
            lifetime=known.expires_at - known.sent_at,
            most_attempts=known.most_attempts,
        )
        code_before = OneTimeCode(b"", known.sent_at, known.sends, known.wrong, known.used_at)
        try:
            sent_again(code_before, rules, b"", self._clock.now())
        except TooSoon as too_soon:
            raise Refused(str(too_soon), "code_id") from too_soon
        if before.point is None:
            raise Refused("The person was erased: there is nowhere to send another code.", "code_id")
        order = CodeOrder(before.point, before.channel, before.template, before.language, rules)
        message, code = await self._made(order)
        fresh = self._kept_of(known.id, message, rules)
        kept = replace(fresh, sends=known.sends + 1, wrong=known.wrong)
        salt = secrets.token_bytes(_SALT_BYTES)
        given = kept, salt, hashed(code, salt), message
        await self._register.send_again(*given, since=self._since(), most=MOST_AN_HOUR)
        return kept

    def _since(self) -> datetime:
        return self._clock.now() - timedelta(hours=1)

    def _kept_of(self, id: str, message: Message, rules: CodeRules) -> KeptCode:
        return KeptCode(
            id=id,
            message_id=message.id,
            length=rules.length,
            most_attempts=rules.most_attempts,
            sent_at=message.at,
            expires_at=message.at + rules.lifetime,
            letters=rules.alphabet != DIGITS,
        )

    async def _made(self, order: CodeOrder) -> tuple[Message, str]:
        """The message and its code, which the gate lets out. Raises Refused and CodeRefused."""
        now, rules = self._clock.now(), order.rules
        contact = await self._contacts.by_point(order.point)
        code = code_of(rules, [secrets.randbelow(len(rules.alphabet)) for _ in range(rules.length)])
        message = replace(
            self._written(order, contact, code),
            at=now,
            data={"shown": self._written(order, contact, _MASKED).text},
            priority=CODE_PRIORITY,
            expires_at=now + rules.lifetime,
            requested_at=now,
            requested_until=now + rules.lifetime,
        )
        asked = ContactRequest(
            subject=f"message:{message.id}",
            channel=order.channel,
            purpose=message.purpose,
            mode=Mode.AGENTLESS,
            point=order.point,
            contact_id=message.contact_id,
        )
        decision = await self._gate.ask(asked_for(asked, now, rules.lifetime))
        if not decision.allowed:
            raise CodeRefused(decision)
        return message, code

    async def check(self, id: str, entered: str) -> tuple[Verdict, KeptCode]:
        """Raises Missing and StoreUnavailable."""
        return await self._register.check(id, lambda salt: hashed(entered, salt), self._clock.now())

    def _written(self, order: CodeOrder, contact: Contact | None, code: str) -> Message:
        now, message_id = self._clock.now(), self._ids.new()
        minutes = int(order.rules.lifetime.total_seconds() // 60)
        if order.template is None:
            known = ((contact.language if contact else None) or "", order.language or "")
            languages = (one.partition("-")[0].lower() for one in known)
            language = next((one for one in languages if one in TEXTS), "en")
            text = TEXTS[language].format(code=code, minutes=minutes)
            return Message(
                id=message_id,
                at=now,
                channel=order.channel,
                point=order.point,
                text=text,
                subject=SUBJECTS[language] if order.channel is Channel.EMAIL else "",
                contact_id=contact.id if contact else None,
                language=language,
            )
        template = self._templates().get(order.template)
        if template is None or CODE not in template.checked_by:
            raise Refused(f"There is no template {order.template!r} with {{code}}.", "template")
        if template.purpose not in (Purpose.SERVICE, Purpose.INFORMATION):
            raise Refused(
                f"Template {order.template} is for {template.purpose}: codes are service.", "template"
            )
        if any(piece.text.names & {CODE} for one in template.variants.values() for piece in one.subject):
            raise Refused(f"Template {order.template} has its code in the subject: leave it out.", "template")
        try:
            return composed(
                template,
                message_id,
                channel=order.channel,
                point=order.point,
                contact=contact,
                values={CODE: code, "minutes": minutes},
                language=order.language,
                now=now,
                zone=self._zone,
                links=None,
            ).message
        except NotComposed as why:
            raise Refused(f"The message cannot be written: {why}.", "template") from why


def hashed(code: str, salt: bytes) -> bytes:
    return hmac.digest(salt, as_compared(code).encode("utf-8", "surrogatepass"), hashlib.sha256)
