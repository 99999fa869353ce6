"""What is sent from the desk: each answers `{"done": sentence}`, or an error of one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from aiohttp import web

from acd.agents import AgentStatus
from acd.talks.talk import ActionRefused
from console.desk.forms import (
    Form,
    WrongForm,
    action_of,
    callback_of,
    channels_of,
    count_of,
    promise_of,
    text_of,
)
from console.desk.pages import agent_of
from console.desk.stream import page_id
from console.faults import Fault
from console.form_bodies import form_of
from console.gate_telling import gate_told
from console.json_bodies import json_object
from console.pages import Pages
from console.words import Words
from engine.desk.desks import Desks
from engine.desk.refusals import ContactForbidden, DeskRefused
from engine.ports import Clock

# What an agent chooses; `missed` is a rule's.
CHOSEN = frozenset({"available", "break", "training", "offline"})
LONGEST_NOTE = 8000
LONGEST_NUMBER = 32
# Refusals that say which agent is in the way.
TELLS_AN_AGENT = frozenset({"leads", "agent_offline", "agent_away", "agent_busy"})

Deed = Callable[[str, Form, Words], Awaitable[str]]


class DeskActions:
    """`more`: deeds of other parts of the desk, which are answered alike."""

    def __init__(
        self, pages: Pages, desks: Desks, clock: Clock, more: Mapping[str, Deed] = MappingProxyType({})
    ) -> None:
        self._pages = pages
        self._desks = desks
        self._clock = clock
        self._more = more

    def routes(self) -> list[web.RouteDef]:
        forms: dict[str, Deed] = {
            "status": self.status,
            "talk": self.talk,
            "dial": self.dial,
            "lead-call": self.lead_call,
            "lead-skip": self.lead_skip,
            "outcome": self.outcome,
            "callback": self.callback,
            "promise": self.promise,
            "stop": self.stop,
            "sms": self.sms,
            "finish": self.finish,
            "sign-out": self.sign_out,
            **self._more,
        }
        return [
            web.post("/desk/phone", self.phone),
            web.post("/desk/gone", self.gone),
            web.post("/desk/note", self.note),
            *(web.post(f"/desk/{name}", self._answered(deed)) for name, deed in forms.items()),
        ]

    # --- the page itself ---

    async def phone(self, request: web.Request) -> web.Response:
        """This page is the desk from now on; what its telephone signs in with."""
        agent = await agent_of(request, self._desks)
        given = (await json_object(request)).get("page")
        page = page_id(given if isinstance(given, str) else "")
        try:
            phone = await self._desks.sign_in(agent, page, request.remote or "")
        except DeskRefused as refused:
            return self._refused(request, refused)
        return web.json_response({"user": phone.phone, "password": phone.password})

    async def gone(self, request: web.Request) -> web.Response:
        agent = await agent_of(request, self._desks)
        await self._desks.gone(agent, page_id((await form_of(request)).get("page", "")))
        return web.Response(status=204)

    async def note(self, request: web.Request) -> web.Response:
        """Answers when it was saved, as the page shows it."""
        agent = await agent_of(request, self._desks)
        words = self._pages.words_for(request)
        try:
            form = await _form_of(request)
            text = form.get("text", "").replace("\r\n", "\n")
            if len(text) > LONGEST_NOTE:
                raise Fault(413, words("desk_wrong_note", most=LONGEST_NOTE))
            kept = await self._desks.save_note(agent, text_of(form, "call"), text, count_of(form, "seq"))
        except WrongForm as wrong:
            raise _told(wrong, words) from None
        except DeskRefused as refused:
            return self._refused(request, refused)
        saved = f"{kept.saved_at.astimezone():%H:%M:%S}" if kept.saved_at else ""
        return web.json_response({"saved": words("desk_saved", at=saved)})

    # --- what agents do ---

    async def status(self, agent: str, form: Form, words: Words) -> str:
        chosen = form.get("status", "")
        if chosen not in CHOSEN:
            raise WrongForm("desk_wrong_status")
        await self._desks.set_status(agent, AgentStatus(chosen), form.get("reason", "")[:60])
        return ""

    async def sign_out(self, agent: str, form: Form, words: Words) -> str:
        await self._desks.sign_out(agent)
        return ""

    async def talk(self, agent: str, form: Form, words: Words) -> str:
        await self._desks.act(agent, action_of(form))
        return ""

    async def dial(self, agent: str, form: Form, words: Words) -> str:
        number = form.get("number", "").strip()
        if not number or len(number) > LONGEST_NUMBER:
            raise WrongForm("desk_wrong_number")
        await self._desks.dial(agent, number, form.get("purpose", "service"), form.get("queue", ""))
        return ""

    async def lead_call(self, agent: str, form: Form, words: Words) -> str:
        number = form.get("number", "").strip()[:LONGEST_NUMBER]
        await self._desks.previews.call(agent, text_of(form, "lead"), number)
        return words("desk_lead_called")

    async def lead_skip(self, agent: str, form: Form, words: Words) -> str:
        why = form.get("reason", "") or form.get("why", "")
        await self._desks.previews.skip(agent, text_of(form, "lead"), why)
        return words("desk_lead_skipped")

    async def outcome(self, agent: str, form: Form, words: Words) -> str:
        await self._desks.dispose(agent, text_of(form, "call"), text_of(form, "disposition"))
        return ""

    async def callback(self, agent: str, form: Form, words: Words) -> str:
        wish = callback_of(form, self._clock.now())
        await self._desks.schedule_callback(agent, text_of(form, "call"), wish)
        if wish.begins is None:
            return words("desk_callback_soon_kept")
        return words("desk_callback_kept", at=f"{wish.begins.astimezone():%d.%m, %H:%M}")

    async def promise(self, agent: str, form: Form, words: Words) -> str:
        amount, currency, due, parts = promise_of(form, self._clock.now())
        call, reference = text_of(form, "call"), form.get("reference", "").strip()[:60]
        await self._desks.promise(agent, call, amount, currency, due, reference, parts)
        return words("desk_promise_kept")

    async def stop(self, agent: str, form: Form, words: Words) -> str:
        await self._desks.stop_contact(agent, text_of(form, "call"), channels_of(form))
        return words("done_objection")

    async def sms(self, agent: str, form: Form, words: Words) -> str:
        template, language = text_of(form, "template"), text_of(form, "language")
        await self._desks.send_sms(agent, text_of(form, "call"), template, language)
        return words("desk_sms_sent")

    async def finish(self, agent: str, form: Form, words: Words) -> str:
        await self._desks.finish_wrap_up(agent)
        return ""

    # --- how they are answered ---

    def _answered(self, deed: Deed) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            agent = await agent_of(request, self._desks)
            words = self._pages.words_for(request)
            try:
                done = await deed(agent, await _form_of(request), words)
            except WrongForm as wrong:
                raise _told(wrong, words) from None
            except (DeskRefused, ActionRefused) as refused:
                return self._refused(request, refused)
            return web.json_response({"done": done})

        return answer

    def _refused(self, request: web.Request, refused: DeskRefused | ActionRefused) -> web.Response:
        """409. The sentence is in the reader's language where the refusal is a known one."""
        sentence, language = refusal_told(refused, self._pages.words_for(request), self._desks.names())
        return web.json_response({"error": sentence, "language": language}, status=409)


def refusal_told(
    refused: DeskRefused | ActionRefused, words: Words, names: Mapping[str, str]
) -> tuple[str, str]:
    """The sentence and its language: English where there are no words for it."""
    if isinstance(refused, ContactForbidden):
        decision = refused.decision
        sentence = words("desk_forbidden", rule=decision.rule, reason=gate_told(decision.reason, words))
        if decision.next_allowed_at is not None:
            at = f"{decision.next_allowed_at.astimezone():%d.%m, %H:%M}"
            sentence = f"{sentence} {words('desk_forbidden_until', at=at)}"
        return sentence, words.language
    said = _said(refused, words, names)
    return (str(refused), "en") if said is None else (said, words.language)


def _said(refused: DeskRefused | ActionRefused, words: Words, names: Mapping[str, str]) -> str | None:
    """In the reader's language; None for what has no words there. `names`: of agents, as they are shown."""
    # What was done, and in which phase, comes by its name and has words of its own.
    values = {name: words.get(f"desk_{name}_{value}", value) for name, value in refused.values.items()}
    if refused.why in TELLS_AN_AGENT:
        values = {name: names.get(value, value) for name, value in values.items()}
    try:
        return words(f"desk_refused_{refused.why}", None, why=refused.why, **values)
    except KeyError:
        return None


def _told(wrong: WrongForm, words: Words) -> Fault:
    return Fault(400, words(wrong.words, None, **wrong.values))


async def _form_of(request: web.Request) -> Form:
    """Raises WrongForm: PostgreSQL keeps no zero byte, and a part that has one could never be wrapped up."""
    form = await form_of(request)
    if any("\0" in text for text in form.values()):
        raise WrongForm("desk_wrong_zero")
    return form
