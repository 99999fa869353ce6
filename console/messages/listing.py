"""/messages: what was written to people and by them, found by filters; those in doubt are decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from console.accounts.admission import saw
from console.api.pages_of import cursor_of
from console.api.parts import ApiParts
from console.campaigns.asking import actor_of
from console.display import contact_name
from console.faults import Fault
from console.form_bodies import form_of
from console.messages.filters import CHANNELS, VIEWS, Asked, asked_of
from console.messages.means import MessageMeans
from console.messages.people import MOST_MEANT, meant
from console.messages.telling import ICONS, SHAPES, is_left, names_of_contacts, why_told
from console.pages import Pages
from console.query_values import place_of
from console.words import Words
from engine.registers.actor import Actor
from engine.registers.messages import Message, MessageFilter
from engine.registers.refusals import Changed, Missing, Refused
from history.contact import Contact
from messaging.states import MessageState

PAGE_ROWS = 40
LONGEST_REASON = 500
MOST_AT_ONCE = 100
_PREFIX = "message:"
# What may be ordered of a message, by its state.
ORDERS: Mapping[MessageState, tuple[str, ...]] = {
    MessageState.QUEUED: ("stop",),
    MessageState.IN_DOUBT: ("resend", "leave"),
}
_VIEW_ORDERS: Mapping[str, tuple[str, ...]] = {
    "waiting": ORDERS[MessageState.QUEUED],
    "doubtful": ORDERS[MessageState.IN_DOUBT],
}


class MessageList:
    def __init__(self, pages: Pages, parts: ApiParts, means: MessageMeans) -> None:
        self._pages = pages
        self._parts = parts
        self._means = means
        self._contacts = parts.history.contacts

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/messages", self.messages),
            web.post("/messages/orders", self.order),
            web.post("/messages/{message_id}/orders/{order}", self.order_one),
        ]

    async def messages(self, request: web.Request) -> web.Response:
        asked, words = asked_of(request.query), self._pages.words_for(request)
        after = place_of(request, "time", "id")
        people, contact_id = await self._person(asked)
        choose = len(people) > 1 and contact_id is None
        nobody = bool(asked.texts["q"]) and not people
        rows: Sequence[Message] = ()
        following = None
        if not choose and not nobody:
            wanted = asked.filter(self._parts.zone, contact_id)
            page = await self._means.messages.list(wanted, limit=PAGE_ROWS, after=after)
            rows, following = page.items, page.after
        names = await names_of_contacts((one.contact_id for one in rows), self._contacts, words)
        saw(request, "message.seen", [f"message:{one.id}" for one in rows])
        saw(request, "contact.seen", [f"contact:{one.id}" for one in people] if choose else ())
        return self._pages.page(
            request,
            "messages/list.html",
            page="messages",
            tab="list",
            asked=asked,
            rows=rows,
            names=names,
            choose=[(one.id, contact_name(one, words)) for one in people[:MOST_MEANT]] if choose else [],
            more_people=choose and len(people) > MOST_MEANT,
            person=None if contact_id is None else (contact_id, contact_name(people[0], words)),
            views=[(view, await self._waiting(view)) for view in VIEWS],
            orders=_VIEW_ORDERS.get(asked.view, ()),
            states=tuple(MessageState),
            channels=CHANNELS,
            providers=self._providers(asked),
            shapes=SHAPES,
            icons=ICONS,
            is_left=is_left,
            first=after is None,
            next=cursor_of(*following) if following else None,
            done=request.query.get("done", ""),
            why=lambda one: why_told(one.why, one.code, words),
        )

    async def order(self, request: web.Request) -> web.Response:
        """Those that are ticked; each that cannot be is told with why, and the others are done."""
        form, words = await form_of(request), self._pages.words_for(request)
        ids = [name.removeprefix(_PREFIX) for name in form if name.startswith(_PREFIX)]
        if not 0 < len(ids) <= MOST_AT_ONCE:
            raise Fault(422, words("msg_orders_none", None, most=MOST_AT_ONCE), words.language)
        what = form.get("order", "")
        reason = _reason(what, form, words)
        did, refused = 0, []
        for message_id in ids:
            try:
                await self._do(actor_of(request), message_id, what, reason)
                did += 1
            except (Refused, Changed, Missing):
                refused.append(message_id)
        if refused:
            told = words("msg_orders_part", None, done=did, left=len(refused))
            raise Fault(409, told, words.language)
        back = asked_of(form).query(done=what)
        return web.Response(status=303, headers={"Location": f"/messages?{back}"})

    async def order_one(self, request: web.Request) -> web.Response:
        form, words = await form_of(request), self._pages.words_for(request)
        message_id, what = request.match_info["message_id"], request.match_info["order"]
        reason = _reason(what, form, words)
        try:
            await self._do(actor_of(request), message_id, what, reason)
        except Missing:
            raise Fault(404, "There is no such message. They are listed at /messages.") from None
        except (Refused, Changed):
            raise Fault(409, words("msg_order_refused"), words.language) from None
        return web.Response(status=303, headers={"Location": f"/messages/{message_id}?done={what}"})

    # --- inside -------------------------------------------------------------------------------------------

    async def _person(self, asked: Asked) -> tuple[Sequence[Contact], str | None]:
        """Who may be meant, and the contact whose messages are shown; None: everybody's, or nobody's yet."""
        if (contact_id := asked.texts["contact"]) != "":
            try:
                found = await self._contacts.get(contact_id)
            except Missing:
                raise Fault(404, "There is no such contact. They are listed at /contacts.") from None
            return (found,), found.id
        if not asked.texts["q"]:
            return (), None
        people = await meant(asked.texts["q"], self._contacts, self._parts.region)
        return people, people[0].id if len(people) == 1 else None

    async def _waiting(self, view: str) -> int | None:
        """How many there are; None where counting them would take long, or tells nothing."""
        if view not in _VIEW_ORDERS:
            return None
        shown = VIEWS[view]
        wanted = MessageFilter(states=shown.states, undecided=shown.undecided)
        return sum((await self._means.messages.counts(wanted)).values())

    def _providers(self, asked: Asked) -> list[str]:
        """Those at work here, and the one that is asked for."""
        names = {lane.name for lane in self._means.lanes()} | {asked.texts["provider"]}
        return sorted(names - {""})

    async def _do(self, actor: Actor, message_id: str, what: str, reason: str) -> None:
        messages = self._means.messages
        if what == "resend":
            await messages.resend(actor, message_id)
        else:
            await (messages.leave if what == "leave" else messages.stop)(actor, message_id, reason)


def _reason(what: str, form: Mapping[str, str], words: Words) -> str:
    """Raises Fault 400 and 422; sending again needs none."""
    if what not in {one for orders in ORDERS.values() for one in orders}:
        raise Fault(400, "`order` is resend, leave or stop.")
    reason = " ".join(form.get("reason", "").split())
    shortest = 0 if what == "resend" else 1
    if not shortest <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise Fault(422, words("lead_orders_reason", None, most=LONGEST_REASON), words.language)
    return reason
