"""/settings/people: who signs in, and as what. The register notes each change, in the same transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from console.accounts.identity import Identity, identified
from console.accounts.passwords import LONGEST, SHORTEST, PasswordRefused, Passwords, TooBusy, check_new
from console.faults import Fault
from console.form_bodies import form_of
from console.pages import Pages
from engine.ports import Clock, Ids
from engine.registers.access import Role
from engine.registers.accounts import LONGEST_NAME, People, Person, checked_name
from engine.registers.refusals import Changed, Missing, Refused

# Of a company's people; whoever has more uses the API.
MOST_PEOPLE = 1000
Form = dict[str, str]


class Wrong(Exception):
    """What was sent cannot be done: the name of the sentence, and where it belongs."""

    def __init__(self, words: str, field: str = "", status: int = 422) -> None:
        super().__init__(words)
        self.words = words
        self.field = field
        self.status = status


def admin_of(request: web.Request) -> Identity:
    """Who changes something. Raises Fault 403: while nobody was added, the first admin is of the shell."""
    me = identified(request)
    if me is None:
        raise Fault(403, "Add the first admin with `infolinia people add NAME --role admin`, then sign in.")
    return me


class PeoplePages:
    def __init__(self, pages: Pages, people: People, passwords: Passwords, clock: Clock, ids: Ids) -> None:
        self._pages = pages
        self._people = people
        self._passwords = passwords
        self._clock = clock
        self._ids = ids

    def routes(self) -> list[web.RouteDef]:
        one = "/settings/people/{person_id}"
        changes = {
            "role": self._change_role,
            "password": self._change_password,
            "disable": self._disable,
            "enable": self._enable,
        }
        return [
            web.get("/settings", self.settings),
            web.get("/settings/people", self.list),
            web.post("/settings/people", self.add),
            web.get(one, self.one),
            *(web.post(f"{one}/{name}", self._changing(name, change)) for name, change in changes.items()),
        ]

    async def settings(self, request: web.Request) -> web.Response:
        return web.Response(status=303, headers={"Location": "/settings/people"})

    async def list(self, request: web.Request) -> web.Response:
        return await self._list(request)

    async def one(self, request: web.Request) -> web.Response:
        return await self._one(request)

    async def add(self, request: web.Request) -> web.Response:
        me, form = admin_of(request), await form_of(request)
        try:
            added = await self._added(me, form)
        except Wrong as wrong:
            return await self._list(request, wrong, form)
        return web.Response(status=303, headers={"Location": f"/settings/people/{added.id}?done=added"})

    # --- changes ------------------------------------------------------------------------------------------

    async def _added(self, me: Identity, form: Form) -> Person:
        try:
            name = checked_name(form.get("name", ""))
        except Refused:
            raise Wrong("settings_name_rule", "name") from None
        role = _role(form)
        hashed = await self._hashed(form, name)
        now = self._clock.now()
        try:
            return await self._people.add(me.actor, Person(self._ids.new(), name, role, now, now), hashed)
        except Refused:
            raise Wrong("settings_name_taken", "name") from None

    async def _change_role(self, me: Identity, person: Person, form: Form) -> None:
        seen = form.get("version", "")
        if seen and not (seen.isascii() and seen.isdigit() and len(seen) < 10):
            raise Wrong("settings_changed", status=409)  # no page of ours sends that
        version = int(seen) if seen else None
        await self._people.change_role(me.actor, person.id, _role(form), self._clock.now(), version)

    async def _change_password(self, me: Identity, person: Person, form: Form) -> None:
        hashed = await self._hashed(form, person.name)
        await self._people.change_password(me.actor, person.id, hashed, self._clock.now(), person.version)

    async def _disable(self, me: Identity, person: Person, form: Form) -> None:
        await self._people.disable(me.actor, person.id, self._clock.now())

    async def _enable(self, me: Identity, person: Person, form: Form) -> None:
        await self._people.enable(me.actor, person.id, self._clock.now())

    def _changing(
        self, name: str, change: Callable[[Identity, Person, Form], Awaitable[None]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            me, form = admin_of(request), await form_of(request)
            person = await self._known(request)
            try:
                await change(me, person, form)
            except Wrong as wrong:
                return await self._one(request, name, wrong)
            except Changed:
                return await self._one(request, name, Wrong("settings_changed", status=409))
            except Refused:
                return await self._one(request, name, Wrong("settings_last_admin"))
            place = f"/settings/people/{person.id}?done={name}"
            return web.Response(status=303, headers={"Location": place})

        return handler

    async def _hashed(self, form: Form, name: str) -> str:
        password = form.get("password", "")
        try:
            check_new(password, name)
            return await self._passwords.hash(password)
        except PasswordRefused as refused:
            raise Wrong(f"password_{refused.why}", "password") from None
        except TooBusy:
            raise Wrong("settings_busy", "password", 503) from None

    # --- what is shown ------------------------------------------------------------------------------------

    async def _known(self, request: web.Request) -> Person:
        try:
            return await self._people.get(request.match_info["person_id"])
        except Missing:
            raise Fault(404, "There is no such person. People are at /settings/people.") from None

    async def _list(
        self, request: web.Request, wrong: Wrong | None = None, form: Form | None = None
    ) -> web.Response:
        everybody = sorted(
            await self._people.list(limit=MOST_PEOPLE), key=lambda one: (bool(one.disabled_at), one.name)
        )
        return self._pages.page(
            request,
            "settings/people.html",
            status=wrong.status if wrong else 200,
            page="settings",
            tab="people",
            everybody=everybody,
            **self._form(wrong, form),
        )

    async def _one(self, request: web.Request, name: str = "", wrong: Wrong | None = None) -> web.Response:
        return self._pages.page(
            request,
            "settings/person.html",
            status=wrong.status if wrong else 200,
            page="settings",
            tab="people",
            person=await self._known(request),
            form=name,
            done=request.query.get("done", ""),
            **self._form(wrong, None),
        )

    def _form(self, wrong: Wrong | None, form: Form | None) -> dict[str, object]:
        return {
            "wrong": wrong,
            "typed": form or {},
            "roles": [role.value for role in Role],
            "longest_name": LONGEST_NAME,
            "shortest_password": SHORTEST,
            "longest_password": LONGEST,
        }


def _role(form: Form) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError:
        raise Wrong("settings_role", "role") from None
