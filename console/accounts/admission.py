"""Who may see which page: a table, and the middleware that keeps to it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import quote

from aiohttp import web

from console.accounts.identity import (
    ADMITTED,
    CSRF_FIELD,
    IDENTIFIER,
    Identity,
    bears_csrf,
    identified,
    identify,
)
from console.accounts.proxies import is_loopback
from console.faults import Fault
from console.form_bodies import form_of
from console.guard import SAFE_METHODS
from engine.ports import StoreUnavailable
from engine.registers.access import Role
from engine.seen_notes import SeenNotes

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What is no page: it tells nothing of anybody. The API asks for credentials itself, a form and a provider's
# callback prove themselves, a short link is known to whom it was sent, and a chat's visitor knows its secret.
OPEN = frozenset(
    {
        "/forms/{name}/callback",
        "/callbacks/providers/{name}",
        "/s/{link}",
        "/chat/{site}",
        "/chat/{site}/widget.js",
        "/chat/{site}/invitation",
        "/chat/{site}/open",
        "/chat/{site}/say",
        "/chat/{site}/press",
        "/chat/{site}/seen",
        "/chat/{site}/typing",
        "/chat/{site}/end",
        "/chat/{site}/call-me",
        "/chat/{site}/events",
        "/chat/{site}/call/offer",
        "/chat/{site}/call/{visitor_id}",
        "/chat/{site}/call/{visitor_id}/keys",
        "/chat/{site}/form",
        "/sign-in",
        "/language",
        "/healthz",
        "/readyz",
        "/metrics",
        "/static",
    }
)
API = "/api/v1/"
# Every other route of the console, and the least role that it takes. One that is missing here takes an admin.
ROLES: Mapping[str, Role] = {
    "/": Role.AGENT,
    "/account": Role.AGENT,
    "/account/password": Role.AGENT,
    "/sign-out": Role.AGENT,
    "/events": Role.AGENT,
    "/parts/health": Role.AGENT,
    "/parts/headline": Role.AGENT,
    "/parts/setup": Role.AGENT,
    "/parts/mine/{visitor_id}": Role.AGENT,
    "/phone": Role.AGENT,
    "/visitor/offer": Role.AGENT,
    "/visitor/{visitor_id}": Role.AGENT,
    "/visitor/{visitor_id}/keys": Role.AGENT,
    "/floor": Role.SUPERVISOR,
    "/parts/floor": Role.SUPERVISOR,
    "/floor/agents/{agent}": Role.SUPERVISOR,
    "/floor/agents/{agent}/status": Role.SUPERVISOR,
    "/floor/agents/{agent}/skills": Role.SUPERVISOR,
    "/floor/agents/{agent}/sign-out": Role.SUPERVISOR,
    "/floor/agents/{agent}/hang-up": Role.SUPERVISOR,
    "/floor/phone": Role.SUPERVISOR,
    "/floor/phone/gone": Role.SUPERVISOR,
    "/floor/line": Role.SUPERVISOR,
    "/floor/line/end": Role.SUPERVISOR,
    "/desk": Role.AGENT,
    "/desk/parts/{part}": Role.AGENT,
    "/desk/events": Role.AGENT,
    "/desk/phone": Role.AGENT,
    "/desk/gone": Role.AGENT,
    "/desk/note": Role.AGENT,
    "/desk/status": Role.AGENT,
    "/desk/sign-out": Role.AGENT,
    "/desk/talk": Role.AGENT,
    "/desk/dial": Role.AGENT,
    "/desk/lead-call": Role.AGENT,
    "/desk/lead-skip": Role.AGENT,
    "/desk/outcome": Role.AGENT,
    "/desk/callback": Role.AGENT,
    "/desk/promise": Role.AGENT,
    "/desk/stop": Role.AGENT,
    "/desk/sms": Role.AGENT,
    "/desk/finish": Role.AGENT,
    "/desk/written": Role.AGENT,
    "/desk/written-length": Role.AGENT,
    "/desk/written-take": Role.AGENT,
    "/desk/written-decline": Role.AGENT,
    "/desk/written-answer": Role.AGENT,
    "/desk/written-give": Role.AGENT,
    "/desk/written-close": Role.AGENT,
    "/desk/chats": Role.AGENT,
    "/desk/chat-typing": Role.AGENT,
    "/desk/chat-take": Role.AGENT,
    "/desk/chat-decline": Role.AGENT,
    "/desk/chat-say": Role.AGENT,
    "/desk/chat-give": Role.AGENT,
    "/desk/chat-end": Role.AGENT,
    "/desk/chat-call": Role.AGENT,
    "/inbox/chats": Role.SUPERVISOR,
    "/inbox/chats/{chat_id}": Role.SUPERVISOR,
    "/inbox/chats/{chat_id}/take": Role.SUPERVISOR,
    "/inbox/chats/{chat_id}/give": Role.SUPERVISOR,
    "/inbox/chats/{chat_id}/close": Role.SUPERVISOR,
    "/parts/inbox/chats": Role.SUPERVISOR,
    "/parts/inbox/chats/{chat_id}": Role.SUPERVISOR,
    "/inbox": Role.SUPERVISOR,
    "/inbox/{dialogue_id}": Role.SUPERVISOR,
    "/inbox/{dialogue_id}/take": Role.SUPERVISOR,
    "/inbox/{dialogue_id}/give": Role.SUPERVISOR,
    "/inbox/{dialogue_id}/answer": Role.SUPERVISOR,
    "/inbox/{dialogue_id}/close": Role.SUPERVISOR,
    "/settings": Role.ADMIN,
    "/settings/people": Role.ADMIN,
    "/settings/people/{person_id}": Role.ADMIN,
    "/settings/people/{person_id}/role": Role.ADMIN,
    "/settings/people/{person_id}/password": Role.ADMIN,
    "/settings/people/{person_id}/disable": Role.ADMIN,
    "/settings/people/{person_id}/enable": Role.ADMIN,
    "/settings/tokens": Role.ADMIN,
    "/settings/tokens/{token_id}/revoke": Role.ADMIN,
    "/settings/audit": Role.ADMIN,
    "/settings/agents": Role.ADMIN,
    "/settings/queues": Role.ADMIN,
    "/calls": Role.SUPERVISOR,
    "/calls/{call_id}": Role.SUPERVISOR,
    "/calls/{call_id}/export": Role.SUPERVISOR,
    "/calls/{call_id}/recording": Role.SUPERVISOR,
    "/recordings/{recording_id}/audio": Role.AGENT,
    "/contacts": Role.SUPERVISOR,
    "/contacts/{contact_id}": Role.SUPERVISOR,
    "/contacts/{contact_id}/profile": Role.SUPERVISOR,
    "/contacts/{contact_id}/consents": Role.SUPERVISOR,
    "/contacts/{contact_id}/objections": Role.SUPERVISOR,
    "/contacts/{contact_id}/objections/{objection_id}/lift": Role.MANAGER,
    "/contacts/{contact_id}/merge": Role.SUPERVISOR,
    "/contacts/{contact_id}/merges/{merge_id}/undo": Role.SUPERVISOR,
    "/callbacks": Role.AGENT,
    "/callbacks/{callback_id}/take": Role.AGENT,
    "/callbacks/{callback_id}/team": Role.AGENT,
    "/callbacks/{callback_id}/move": Role.AGENT,
    "/callbacks/{callback_id}/cancel": Role.AGENT,
    "/callbacks/{callback_id}/call": Role.AGENT,
    "/campaigns": Role.SUPERVISOR,
    "/campaigns/new": Role.MANAGER,
    "/campaigns/{campaign_id}": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/leads": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/leads.csv": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/leads/orders": Role.MANAGER,
    "/campaigns/{campaign_id}/rules": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/forecast": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/forecast/cancel": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/live": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/pace": Role.MANAGER,
    "/parts/campaigns/{campaign_id}/live": Role.SUPERVISOR,
    "/parts/campaigns/{campaign_id}/forecast": Role.SUPERVISOR,
    "/campaigns/{campaign_id}/change": Role.MANAGER,
    "/campaigns/{campaign_id}/list": Role.MANAGER,
    "/campaigns/{campaign_id}/moves/{move}": Role.MANAGER,
    "/parts/campaigns/{campaign_id}/leads": Role.SUPERVISOR,
    "/parts/leads/{lead_id}/why": Role.SUPERVISOR,
    "/debts": Role.SUPERVISOR,
    "/debts/{debt_id}": Role.SUPERVISOR,
    "/debts/{debt_id}/moves/{move}": Role.SUPERVISOR,
    "/messages": Role.SUPERVISOR,
    "/messages/orders": Role.SUPERVISOR,
    "/messages/{message_id}": Role.SUPERVISOR,
    "/messages/{message_id}/orders/{order}": Role.SUPERVISOR,
    "/messages/templates": Role.SUPERVISOR,
    "/messages/templates/{template}": Role.SUPERVISOR,
    "/messages/providers": Role.SUPERVISOR,
    "/messages/statistics": Role.SUPERVISOR,
    "/parts/messages/providers": Role.SUPERVISOR,
    "/mailings": Role.SUPERVISOR,
    "/mailings/new": Role.MANAGER,
    "/mailings/{mailing_id}": Role.SUPERVISOR,
    "/mailings/{mailing_id}/change": Role.MANAGER,
    "/mailings/{mailing_id}/orders/{order}": Role.MANAGER,
    "/parts/mailings/{mailing_id}": Role.SUPERVISOR,
    "/parts/mailings/{mailing_id}/plots": Role.SUPERVISOR,
    "/parts/contact/{contact_id}": Role.SUPERVISOR,
    "/parts/calls": Role.SUPERVISOR,
    "/parts/call/{call_id}": Role.SUPERVISOR,
    "/parts/latest": Role.SUPERVISOR,
    "/parts/live": Role.SUPERVISOR,
}
_FLOWS = ("/flows", "/parts/flow")
# What the API can do, for whoever may use any of it.
_DESCRIPTION = "/api/"
_OF_A_PROXY = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")
SEEN: web.AppKey[SeenNotes] = web.AppKey("seen", SeenNotes)


def least_role(canonical: str) -> Role:
    if canonical.startswith(_FLOWS):
        return Role.MANAGER
    return ROLES.get(canonical, Role.ADMIN)


def may(identity: Identity | None, canonical: str) -> bool:
    """For the page's own links; None is this machine while nobody was added."""
    return identity is None or identity.role.includes(least_role(canonical))


def saw(request: web.Request, action: str, subjects: Iterable[str]) -> None:
    """Tell the audit log what the asker is shown. While nobody was added there is nobody to tell of."""
    identity = identified(request)
    notes = request.config_dict.get(SEEN)
    if identity is not None and notes is not None:
        notes.note(identity.actor, action, subjects)


async def saw_all(request: web.Request, action: str, subjects: Iterable[str]) -> None:
    """As `saw`, of a part of a long answer: it is noted before the next part is shown."""
    saw(request, action, subjects)
    notes = request.config_dict.get(SEEN)
    if notes is not None:
        await notes.flush()


class Nobody:
    """Implements identity.Identifier where no accounts are kept: the pages alone, on this machine."""

    async def identify(self, request: web.Request) -> Identity | None:
        return None

    async def open_to_all(self) -> bool:
        return True


async def goes_on(request: web.Request) -> bool:
    """Whether the asker of a long answer may still have it."""
    identifier = request.config_dict.get(IDENTIFIER)
    if identifier is None or identified(request) is None:
        return True
    try:
        return await identifier.identify(request) is not None
    except StoreUnavailable:
        return True  # it is asked again soon


@web.middleware
async def admission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises Fault 403, or leads to the sign-in page; probes, styles and the API pass."""
    resource = request.match_info.route.resource
    canonical = resource.canonical if resource is not None else request.path
    if canonical in OPEN or request.path.startswith(API):
        if canonical == "/sign-in":
            with contextlib.suppress(StoreUnavailable):  # the form tells so when it is sent
                await identify(request)
        return await handler(request)
    identity = await identify(request)
    if identity is None:
        if not (_is_this_machine(request) and await request.config_dict[IDENTIFIER].open_to_all()):
            return _sign_in_first(request)
        request[ADMITTED] = True
        return await handler(request)
    if canonical.startswith(_DESCRIPTION):
        request[ADMITTED] = True
        return await handler(request)
    if identity.scopes is not None:
        raise Fault(403, "A token is for /api only. Sign in to see the pages.")
    request[ADMITTED] = True
    if resource is not None and not identity.role.includes(least_role(canonical)):
        raise Fault(403, f"This page takes the role {least_role(canonical)}, or one above it.")
    if request.method not in SAFE_METHODS and not await _bears_csrf(request, identity):
        raise Fault(403, "The page is older than your session. Load it anew, then try again.")
    return await handler(request)


def _is_this_machine(request: web.Request) -> bool:
    """A proxy that nobody told us of must not open the console to everyone behind it."""
    return is_loopback(request.remote) and not any(name in request.headers for name in _OF_A_PROXY)


def _sign_in_first(request: web.Request) -> web.StreamResponse:
    page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if page and "HX-Request" not in request.headers and not request.path.startswith("/parts/"):
        wanted = "" if request.path == "/" else f"?next={quote(request.path_qs, safe='')}"
        return web.Response(status=303, headers={"Location": f"/sign-in{wanted}"})
    raise Fault(401, "Sign in first, at /sign-in.")


async def _bears_csrf(request: web.Request, identity: Identity) -> bool:
    if bears_csrf(request, identity):
        return True
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return False
    return identity.csrf_is((await form_of(request)).get(CSRF_FIELD))
