"""/settings/tokens: access of other systems. A secret is on the page that made it, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from console.accounts.token_making import DEFAULT_DAYS, LONGEST_DAYS, made_token
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.settings.people import Form, admin_of
from engine.ports import Clock, Ids
from engine.registers.access import Scope
from engine.registers.accounts import LONGEST_NAME, Token, Tokens
from engine.registers.refusals import Missing, Refused

MOST_TOKENS = 500
_FIELDS = frozenset({"name", "scopes", "days", "networks"})


class TokenPages:
    def __init__(self, pages: Pages, tokens: Tokens, clock: Clock, ids: Ids) -> None:
        self._pages = pages
        self._tokens = tokens
        self._clock = clock
        self._ids = ids

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/settings/tokens", self.list),
            web.post("/settings/tokens", self.make),
            web.post("/settings/tokens/{token_id}/revoke", self.revoke),
        ]

    async def list(self, request: web.Request) -> web.Response:
        return await self._shown(request)

    async def make(self, request: web.Request) -> web.Response:
        me, form = admin_of(request), await form_of(request)
        scopes = frozenset(scope for scope in Scope if form.get(f"scope-{scope.value}"))
        days = form.get("days", "")
        try:
            secret, digest, token = made_token(
                self._ids.new(),
                form.get("name", ""),
                scopes,
                self._clock.now(),
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
                networks=[one for one in form.get("networks", "").replace(",", " ").split() if one],
                created_by=f"{me.actor.kind}:{me.actor.id}",
            )
        except Refused as refused:
            field = refused.field if refused.field in _FIELDS else "name"
            return await self._shown(request, wrong=field, form=form)
        await self._tokens.add(me.actor, token, digest)
        return await self._shown(request, secret=secret, made=token.name)

    async def revoke(self, request: web.Request) -> web.Response:
        me = admin_of(request)
        try:
            await self._tokens.revoke(me.actor, request.match_info["token_id"], self._clock.now())
        except Missing:
            raise Fault(404, "There is no such token. Tokens are at /settings/tokens.") from None
        return web.Response(status=303, headers={"Location": "/settings/tokens?done=revoked"})

    async def _shown(
        self,
        request: web.Request,
        *,
        wrong: str = "",
        form: Form | None = None,
        secret: str = "",
        made: str = "",
    ) -> web.Response:
        now = self._clock.now()
        found = sorted(await self._tokens.list(limit=MOST_TOKENS), key=lambda one: one.id, reverse=True)
        return self._pages.page(
            request,
            "settings/tokens.html",
            status=422 if wrong else 200,
            page="settings",
            tab="tokens",
            tokens=[(one, _state(one, now)) for one in found],
            scopes=[scope.value for scope in Scope],
            wrong=wrong,
            typed=form or {},
            secret=secret,
            made=made,
            done=request.query.get("done", ""),
            longest_name=LONGEST_NAME,
            default_days=DEFAULT_DAYS,
            longest_days=LONGEST_DAYS,
        )


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= now else "valid"
