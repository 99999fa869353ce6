"""One chat: its lines, who is there, and what the flow, the queues and the agent make of it.

All of it happens within the loop's turn that brought it; only its keeping and its errands take time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from acd import events as acd
from engine.changes import Change
from engine.chat.closing import Closing
from engine.chat.deadlines import Deadlines
from engine.chat.handing import Handing
from engine.chat.keeping import ChatKeeper
from engine.chat.leading import Leading, hidden, recalled, remembered
from engine.chat.lines import ChatLines
from engine.chat.means import ChatMeans
from engine.chat.notes import ChatNotes, as_call, visitor_of
from engine.chat.presence import Presence
from engine.chat.queueing import ChatQueueing
from engine.chat.sentences import FAULT, STORE_AWAY, sentence
from engine.chat.sides import ChatNews, PageSeen
from ivr import events as told
from ivr.commands import Enqueue
from ivr.dialogue import Dialogue
from messaging.chat import TEXT_MOST, Button, Chat, ChatLine, ChatPhase, LineKind, Speaker
from messaging.chat_limits import MOST_PAGES, VisitorPace
from messaging.chat_site import ChatSite
from messaging.chat_talk import FAILED, led, with_line

Item = told.Event | acd.Command

log = structlog.get_logger("chats")


class ChatInProgress:
    """`over` is told once it is closed and kept, and nobody looks at it any more."""

    def __init__(
        self,
        chat: Chat,
        site: ChatSite,
        means: ChatMeans,
        *,
        lines: Sequence[ChatLine] = (),
        over: Callable[[ChatInProgress], None],
    ) -> None:
        self.chat = chat
        self.site = site
        self.lines = ChatLines(lines)
        self.presence = Presence(means.clock.now())
        self.pace = VisitorPace(sum(one.speaker is Speaker.VISITOR for one in lines))
        self.queueing = ChatQueueing(chat.id, means, self.tell)
        self.handing = Handing(self, self.queueing, means, queued=bool(chat.state.get("queued")))
        self.known_agent = _text(chat.state.get("known_agent"))
        self.parked = bool(chat.state.get("parked"))
        self._visitor = visitor_of(chat)
        self._events = int(_text(chat.state.get("events")) or 0)
        self._means = means
        self._changes: list[Change] = []
        self._inbox: deque[Item] = deque()
        self._busy = False
        self._settled = (chat, len(self.lines))
        self._keeper = ChatKeeper(means.register, chat, self._kept)
        self.deadlines = Deadlines(self, self._keeper, means.clock, tell_store_away=self._tell_store_away)
        self.closing = Closing(self, means, invited=_text(chat.state.get("invited")), over=over)
        self.notes = ChatNotes(
            chat.id,
            means.desk.ledger,
            means.clock,
            as_call=lambda: as_call(self.chat, self.site, self.language),
            visitor=self._visitor,
            stay=lambda: self.handing.stay,
            note=self._note,
            next_event=self._next_event,
        )
        self._leading: Leading | None = None

    # --- as it is -------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self.chat.id

    @property
    def present(self) -> bool:
        return self.presence.is_there(self._means.clock.now())

    @property
    def visitor_types(self) -> bool:
        return self.presence.visitor_types(self._means.clock.now())

    @property
    def language(self) -> str | None:
        return self._leading.language if self._leading is not None else self.chat.language

    @property
    def buttons(self) -> tuple[Button, ...]:
        """That may be pressed now."""
        return self._leading.buttons if self._leading is not None and self._leads else ()

    @property
    def keeps_no_more(self) -> bool:
        """Whether the store has been away for too long."""
        return self._keeper.full

    def news(self, after: int) -> ChatNews:
        """What the visitor's page is told."""
        chat, queueing = self.chat, self.queueing
        waits = chat.phase is ChatPhase.WAITING
        answers = self._leading is not None and self._leading.understands
        return ChatNews(
            chat,
            self.lines.for_visitor(after),
            typing=self.presence.agent_types(self._means.clock.now()),
            position=queueing.position if waits else None,
            wait_seconds=queueing.wait_seconds if waits else None,
            agent_shown=self._means.shown(chat.agent) if chat.agent else "",
            buttons=self.buttons,
            free_text=chat.is_open and (chat.phase is not ChatPhase.LED or answers),
        )

    # --- its beginning, and another engine's ----------------------------------------------------------------

    def begin(self, dialogue: Dialogue) -> None:
        leading = self._leading = self._led_by(dialogue)
        self.do(leading.start)

    def go_on(self, dialogue: Dialogue | None) -> None:
        """As an earlier engine left it. `dialogue` None: no flow leads it any more."""
        if dialogue is not None:
            self._leading = self._led_by(dialogue)
        self.parked = self.parked or dialogue is None
        if self.chat.phase is not ChatPhase.LED:
            self.do(self.handing.go_on)
        elif dialogue is None:
            self.do(lambda: self.shut("engine", FAILED))
        elif dialogue.ended:
            self.do(lambda: self.shut("flow"))
        else:
            self.tell(told.Resumed())

    # --- the visitor ----------------------------------------------------------------------------------------

    def visitor_says(self, words: str, client_id: str) -> int:
        return self._answered(LineKind.TEXT, words, words, client_id)

    def visitor_presses(self, button: Button, client_id: str) -> int:
        return self._answered(LineKind.CHOICE, button.label, button.value, client_id)

    def seen(self, page: PageSeen) -> None:
        if page.address == self.chat.page or not self.chat.is_open:
            return
        if self.lines.pages >= MOST_PAGES:
            self.chat = replace(self.chat, page=page.address)
        else:
            data = {"title": page.title} if page.title else {}
            self.add(Speaker.VISITOR, LineKind.PAGE, page.address, data=data)
        self._settle()

    def visitor_ends(self) -> None:
        self.do(lambda: self.shut("visitor"))

    def visitor_calls(self, how: str, number: str = "") -> None:
        """They call, or are to be called."""
        self.add(Speaker.VISITOR, LineKind.CALL, number, data={"how": how})
        self._settle()

    def visitor_joined(self, chat: Chat) -> None:
        """They gave a number; the store knows whose it is."""
        self.chat = replace(self.chat, point=chat.point, contact_id=chat.contact_id)
        self._settle()

    def looked_at(self) -> None:
        """Who is there, or who writes, has changed."""
        self._settle(changed=True)

    # --- the agent ------------------------------------------------------------------------------------------

    def agent_says(self, agent: str, text: str, client_id: str) -> None:
        if self.lines.with_client_id(client_id) is None:
            self.presence.agent_wrote()
            self.add(Speaker.AGENT, LineKind.TEXT, text, agent=agent, client_id=client_id)
            self._settle()

    def agent_offers_call(self, agent: str) -> None:
        self.add(Speaker.AGENT, LineKind.CALL, "", agent=agent)
        self._settle()

    def agent_ends(self, disposition: str, by: str = "agent") -> None:
        """The talk is over: the flow goes on, if it has anything to say to somebody who is there."""
        self.chat = replace(self.chat, disposition=disposition or self.chat.disposition)
        self.do(lambda: self._talk_ends(by))

    def say_outcome(self, disposition: str) -> None:
        """Of one that the visitor has ended."""
        self.closing.say_outcome(disposition)
        self._settle(changed=True)

    # --- what the flow asks for, and whoever hands it around ------------------------------------------------

    def flow_says(self, text: str) -> None:
        """A line; while they wait nothing is said twice."""
        text, last = text[:TEXT_MOST], self.lines.last_of(Speaker.FLOW)
        if self.chat.phase is not ChatPhase.WAITING or last is None or last.text != text:
            self.add(Speaker.FLOW, LineKind.TEXT, text)

    def enqueue(self, command: Enqueue) -> None:
        if (finished := self.handing.enqueue(command)) is not None:
            self.tell(finished)

    def leave_queue(self) -> None:
        if self.chat.phase is ChatPhase.WAITING:
            self.handing.leave_queue()
            self.chat = led(self.chat)

    def flow_ended(self) -> None:
        """A flow that has no more to say behind an agent's end is not who ended it."""
        since = self.handing.agent_ended_at
        by_agent = since is not None and not self.lines.visitor_said_after(since)
        self.shut("agent" if by_agent else "flow")

    def event(self, event: told.Event) -> None:
        if self._leading is not None and not self.parked:
            self._leading.handle(event)

    def keep(self, changes: Sequence[Change]) -> None:
        self._changes += changes

    def add(
        self,
        speaker: Speaker,
        kind: LineKind,
        text: str,
        *,
        agent: str | None = None,
        client_id: str = "",
        data: Mapping[str, object] | None = None,
    ) -> ChatLine:
        now = self._means.clock.now()
        line = self.lines.add(now, speaker, kind, text, agent=agent, client_id=client_id, data=data)
        self.chat = with_line(self.chat, line)
        return line

    def shut(self, by: str, outcome: str = "") -> None:
        """Over for good. `by` as in messaging.chat_talk.closed."""
        if self.chat.is_open:
            self.closing.shut(by, outcome, self._leading)

    # --- what happens ---------------------------------------------------------------------------------------

    def tell(self, item: Item) -> None:
        """In turn: what comes while something is done waits until it is."""
        self._inbox.append(item)
        if not self._busy:
            self.do(lambda: None)

    def do(self, work: Callable[[], None]) -> None:
        """Then what came of it. A fault ends the chat with a word, never in silence."""
        if self._busy:
            work()
            return
        self._busy = True
        try:
            work()
            while self._inbox:
                self._take(self._inbox.popleft())
        except Exception as fault:
            log.exception("a chat failed", chat=self.id)
            self._rescue(fault)
        finally:
            self._busy = False
        self._settle()

    async def kept(self, seconds: float) -> bool:
        return await self._keeper.kept(seconds)

    async def close(self, seconds: float) -> None:
        """The engine stops. The chat goes on in the next one."""
        self.deadlines.cancel()
        self.queueing.close()
        if self._leading is not None:
            await self._leading.errands.end()
        await self._keeper.close(seconds)
        self.closing.cancel()
        self.deadlines.cancel()

    # --- inside ---------------------------------------------------------------------------------------------

    @property
    def _leads(self) -> bool:
        """Whether the flow is who answers the visitor."""
        return self.chat.phase in (ChatPhase.LED, ChatPhase.WAITING) and not self.parked

    def _led_by(self, dialogue: Dialogue) -> Leading:
        walked = recalled(self.chat.state)
        language = self.chat.language
        return Leading(
            self, dialogue, self.notes, self._means, language=language, tell=self.tell, walked=walked
        )

    def _answered(self, kind: LineKind, shown: str, value: str, client_id: str) -> int:
        self.presence.visitor_wrote()
        leading = self._leading if self._leads else None
        shown = hidden(shown, secret=leading is not None and leading.secret)
        line = self.add(Speaker.VISITOR, kind, shown, client_id=client_id)
        if leading is not None:
            self.do(lambda: leading.answer(value))
        self._settle()
        return line.seq

    def _take(self, item: Item) -> None:
        if self.chat.is_open:
            if isinstance(item, acd.Command):
                self.handing.decided(item)
            else:
                self.event(item)

    def _talk_ends(self, by: str) -> None:
        work_id = self.chat.work_id
        leading = None if self.parked else self._leading
        if self.chat.phase is not ChatPhase.TALKING:
            self.shut(by)
            return
        self.handing.talk_over(disposed=True)
        self.chat = led(self.chat)
        if leading is None or work_id is None or leading.working != work_id or not self.present:
            self.shut(by)
        else:
            leading.handle(told.Finished(work_id, "next"))

    def _rescue(self, fault: Exception) -> None:
        self._inbox.clear()
        try:
            self.flow_says(sentence(FAULT, self.language))
            self.add(
                Speaker.FLOW, LineKind.NOTE, f"trouble: {type(fault).__name__}", data={"kind": "trouble"}
            )
            self.parked = True
            self.shut("fault", FAILED)
        except Exception:
            log.exception("a chat that failed could not be ended", chat=self.id)

    def _settle(self, *, changed: bool = False) -> None:
        """What has changed is kept, told and timed, once for all that was done."""
        if self._busy:
            return
        if self._settled != (self.chat, len(self.lines)) or self._changes:
            state = self._state() if self.chat.is_open else {}  # what was said is in its lines
            self.chat = replace(self.chat, state=state, language=self.language)
            self._keeper.put(self.chat, self.lines.take_fresh(self.buttons), tuple(self._changes))
            self._changes.clear()
            self._settled, changed = (self.chat, len(self.lines)), True
        if changed:
            self.presence.news()
            offer = self.queueing.offer
            wraps = self.handing.wrap_up_until is not None
            if self.chat.agent is not None and (self.chat.phase is ChatPhase.TALKING or wraps):
                self._means.tell(self.chat.agent)
            elif offer is not None:
                self._means.tell(offer.agent)
        self.deadlines.set(self._leading)

    def _state(self) -> dict[str, object]:
        more = {
            "events": self._events,
            "queued": self.handing.queued,
            "parked": self.parked,
            "known_agent": self.known_agent,
            "invited": self.closing.invited,
            "visitor": None if self._visitor is None else self._visitor.value,
        }
        return remembered(self._leading, {name: value for name, value in more.items() if value})

    def _kept(self, chat: Chat) -> None:
        """Somebody was erased meanwhile, or joined."""
        self.deadlines.store_is_back()
        if (chat.point, chat.contact_id) != (self.chat.point, self.chat.contact_id):
            self.chat = replace(self.chat, point=chat.point, contact_id=chat.contact_id)
            self._settled = (self.chat, len(self.lines))

    def _tell_store_away(self) -> None:
        self.flow_says(sentence(STORE_AWAY, self.language))

    def _note(self, text: str, data: Mapping[str, object]) -> None:
        self.add(Speaker.FLOW, LineKind.NOTE, text, data=data)
        self._settle()

    def _next_event(self) -> int:
        self._events += 1
        return self._events


def _text(value: object) -> str:
    return "" if value is None else str(value)
