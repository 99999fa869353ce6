"""Signing in and out, and one's own account: plain forms that need no script."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from console.accounts.identification import give_session, session_secret, take_session
from console.accounts.identity import IDENTIFIER, Identity, identified
from console.accounts.passwords import LONGEST, SHORTEST, PasswordRefused, TooBusy
from console.accounts.sign_in import MustWait, SignIn, WrongPassword
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from console.words import Words
from engine.ports import StoreUnavailable
from engine.registers.accounts import LONGEST_NAME
from engine.registers.refusals import Changed, Missing

LONGEST_NEXT = 500


class AccountPages:
    def __init__(self, pages: Pages, sign_in: SignIn) -> None:
        self._pages = pages
        self._sign_in = sign_in

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sign-in", self.ask),
            web.post("/sign-in", self.take),
            web.post("/sign-out", self.sign_out),
            web.get("/account", self.account),
            web.post("/account/password", self.change_password),
        ]

    async def ask(self, request: web.Request) -> web.StreamResponse:
        if identified(request) is not None:
            return _to(safe_path(request.query.get("next", "")))
        try:
            nobody = await request.config_dict[IDENTIFIER].open_to_all()
        except StoreUnavailable:
            nobody = False
        return self._form(request, 200, "", wanted=request.query.get("next", ""), nobody=nobody)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """303 with a new session's cookie; else the form again, with one sentence (401, 429, 503)."""
        form = await form_of(request)
        name, wanted = form.get("name", "").strip(), form.get("next", "")
        t = self._pages.words_for(request)
        try:
            secret = await self._sign_in.sign_in(
                name, form.get("password", ""), request.remote or "", session_secret(request)
            )
        except (WrongPassword, MustWait, TooBusy, Missing, StoreUnavailable) as problem:
            status, sentence, headers = _told(problem, t)
            return self._form(request, status, sentence, name=name, wanted=wanted, headers=headers)
        response = _to(safe_path(wanted))
        give_session(request, response, secret)
        return response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        secret = session_secret(request)
        if secret is not None:
            await self._sign_in.sign_out(_person(request).actor, secret)
        response = _to("/sign-in")
        take_session(request, response)
        return response

    async def account(self, request: web.Request) -> web.StreamResponse:
        _person(request)
        return self._account(request, 200, done=request.query.get("done") == "password")

    async def change_password(self, request: web.Request) -> web.StreamResponse:
        form = await form_of(request)
        t = self._pages.words_for(request)
        new = form.get("new_password", "")
        if new != form.get("new_password_again", ""):
            return self._account(request, 422, wrong="new_password_again", sentence=t("password_differs"))
        try:
            secret = await self._sign_in.change_password(
                _person(request).actor, form.get("current_password", ""), new, session_secret(request)
            )
        except PasswordRefused as refused:
            return self._account(request, 422, wrong="new_password", sentence=t(f"password_{refused.why}"))
        except (WrongPassword, MustWait, TooBusy, Missing, Changed, StoreUnavailable) as problem:
            status, sentence, headers = _told(problem, t)
            if isinstance(problem, WrongPassword):
                status, sentence = 422, t("password_wrong")
            return self._account(
                request, status, wrong="current_password", sentence=sentence, headers=headers
            )
        response = _to("/account?done=password")
        give_session(request, response, secret)
        return response

    def _form(
        self,
        request: web.Request,
        status: int,
        sentence: str,
        *,
        name: str = "",
        wanted: str = "",
        nobody: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        response = self._pages.page(
            request,
            "sign_in.html",
            status=status,
            page="",
            sentence=sentence,
            name=name[:LONGEST_NAME],
            wanted=safe_path(wanted),
            nobody=nobody,
            longest_name=LONGEST_NAME,
            longest_password=LONGEST,
        )
        response.headers.update(headers or {})
        return response

    def _account(
        self,
        request: web.Request,
        status: int,
        *,
        done: bool = False,
        wrong: str = "",
        sentence: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        response = self._pages.page(
            request,
            "account.html",
            status=status,
            page="account",
            done=done,
            wrong=wrong,
            sentence=sentence,
            shortest_password=SHORTEST,
            longest_password=LONGEST,
        )
        response.headers.update(headers or {})
        return response


def safe_path(wanted: str) -> str:
    """A path of this console to go on with: what begins with two slashes would be another host."""
    if len(wanted) > LONGEST_NEXT or not wanted.isprintable() or not wanted.startswith("/"):
        return "/"
    return "/" + wanted.lstrip("/\\")


def _told(problem: Exception, t: Words) -> tuple[int, str, dict[str, str]]:
    match problem:
        case MustWait(seconds=seconds):
            count, unit = (seconds, "seconds") if seconds < 60 else (-(-seconds // 60), "minutes")
            return 429, t(f"sign_in_wait_{unit}", count=count), {"Retry-After": str(seconds)}
        case TooBusy():
            return 503, t("sign_in_busy"), {"Retry-After": "5"}
        case StoreUnavailable():
            return 503, t("sign_in_away"), {"Retry-After": "5"}
        case Missing() | Changed():
            return 409, t("sign_in_changed"), {}
        case _:
            return 401, t("sign_in_wrong"), {}


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _person(request: web.Request) -> Identity:
    """Raises Fault 404 while nobody was added: there is no account then."""
    identity = identified(request)
    if identity is None:
        raise Fault(404, "There are no accounts yet. Add one with `infolinia people add NAME --role admin`.")
    return identity
