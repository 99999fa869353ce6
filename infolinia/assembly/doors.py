"""Who may come in to the console, wired; and when it is not opened at all."""

from __future__ import annotations

from contextlib import AsyncExitStack

from console.accounts.passwords import Passwords
from console.accounts.proxies import networks_of
from console.application import Doors
from engine.ports import Clock
from engine.seen_notes import SeenNotes
from infolinia.assembly.preflight import StartFailed
from infolinia.configuration import Configuration
from store.store import Store


async def opened_doors(
    configuration: Configuration, store: Store, clock: Clock, stack: AsyncExitStack
) -> Doors:
    """Until the stack is closed. Raises StartFailed: a console without accounts is for this machine alone."""
    web = configuration.web
    if web.beyond and not await store.accounts.people.any_admin():
        raise StartFailed(
            f'`web.bind` "{web.bind}" is reached from other machines, and no admin can sign in yet: '
            "add one with `infolinia people add NAME --role admin`, or bind 127.0.0.1."
        )
    passwords = Passwords()
    stack.callback(passwords.close)
    seen = SeenNotes(store.accounts.audit, clock)
    await seen.start()
    stack.push_async_callback(seen.close)
    only_proxies = web.beyond and not web.serves_tls
    return Doors(store.accounts, passwords, seen, networks_of(web.proxies), only_proxies)
