"""AMI: what Asterisk says of itself, over panoramisk. Calls are never placed or moved by it.

panoramisk 1.4 resends unanswered actions after a reconnect, has no time limits, keeps quiet about a failed
login, does not notice a dead link, loses letters split between two reads and lets line breaks through. So
each connection here has a Manager of its own, which dies with it, and nothing goes in unchecked.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from calls.control import ChannelGone, ControlLost, RequestRefused

log = logging.getLogger(__name__)
_library_log = log.getChild("panoramisk")
_library_log.setLevel(logging.WARNING)  # it tells the protocol's version on every connection

ACTION_SECONDS = 5.0
PING_SECONDS = 10.0
FIRST_RETRY_SECONDS = 0.2
# Asterisk is on this machine: asking costs nothing, and agents' telephones wait for it.
LONGEST_RETRY_SECONDS = 2.0
REFUSED_RETRY_SECONDS = 10.0

_REFUSALS = (
    "InvalidAccountID",
    "InvalidPassword",
    "ChallengeResponseFailed",
    "FailedACL",
    "InvalidTransport",
    "RequestNotAllowed",
)
_HEARD = (*_REFUSALS, "FullyBooted", "Shutdown", "ContactStatus", "Registry")
_REACHABLE = frozenset({"Reachable", "Created", "Updated", "NonQualified"})
_FORBIDDEN_ACTIONS = frozenset({"originate", "redirect", "bridge", "command", "dbput", "updateconfig"})


class AmiRefused(Exception):
    """Asterisk will not let us in; the text says why and what to do. Trying again is useless."""


@dataclass(frozen=True, slots=True)
class AmiAddress:
    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SenderRefused:
    """A SIP request that belongs to no trunk or phone of ours. `why` is the name of Asterisk's event."""

    why: str
    account: str
    address: str


@dataclass(frozen=True, slots=True)
class TrunkStatus:
    """`what` is "contact" (does it answer?) or "registration" (are we registered there?)."""

    trunk: str
    what: str
    good: bool
    detail: str


@dataclass(frozen=True, slots=True)
class AsteriskBooted:
    """All modules are loaded; also told on every connection to a running Asterisk."""


@dataclass(frozen=True, slots=True)
class AsteriskStopping:
    """A shutdown was ordered; `restart`: it will come back by itself."""

    restart: bool


SystemNews = SenderRefused | TrunkStatus | AsteriskBooted | AsteriskStopping


class AmiConnection:
    """Stays connected once started; `listener` is called in the loop, in order.

    `refusals` counts SenderRefused by `why`.
    """

    def __init__(self, address: AmiAddress, listener: Callable[[SystemNews], None]) -> None:
        for name in ("host", "user", "password"):
            _check(name, getattr(address, name))
        self._address = address
        self._tell = listener
        self._manager: _OneConnection | None = None
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.refusals: Counter[str] = Counter()

    @property
    def connected(self) -> bool:
        return self._manager is not None

    async def until_connected(self, seconds: float) -> None:
        """Raises ControlLost when there is no connection within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._up.wait()
        except TimeoutError:
            raise ControlLost(f"not connected to Asterisk's AMI for {seconds:g} s") from None

    async def start(self, patience_seconds: float = 30.0) -> None:
        """Raises AmiRefused at once, or ControlLost when nobody answers within `patience_seconds`."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep_connected(first), name="ami")
        try:
            await asyncio.wait({first, self._task}, timeout=patience_seconds, return_when="FIRST_COMPLETED")
            if first.done():
                first.result()
                return
            if self._task.done():
                self._task.result()
            where = f"{self._address.host}:{self._address.port}"
            raise ControlLost(
                f"Asterisk does not answer AMI at {where} since {patience_seconds:g} s:"
                " see whether it runs and manager.conf binds this address"
            )
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def action(
        self, name: str, fields: dict[str, str] | None = None, *, seconds: float = ACTION_SECONDS
    ) -> list[Message]:
        """Send one action, once; returns its response and the events of its list, if it has one.

        Raises ValueError for line breaks and for actions that are ARI's, RequestRefused with Asterisk's
        reason, ControlLost when there is no connection or no answer. It is never sent again.
        """
        if self._manager is None:
            raise ControlLost("not connected to Asterisk's AMI")
        return await _send(self._manager, name, fields or {}, seconds)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a channel's variable or function at once, whatever it is doing. Raises ChannelGone too."""
        try:
            await self.action("Setvar", {"Channel": channel_id, "Variable": name, "Value": value})
        except RequestRefused as refused:
            if "No such channel" in str(refused):
                raise ChannelGone(f"{channel_id}: no such channel") from None
            raise

    # --- the connection -----------------------------------------------------------------------------------

    async def _keep_connected(self, first: asyncio.Future[None]) -> None:
        retry_seconds = FIRST_RETRY_SECONDS
        while True:
            try:
                await self._live(first)
                retry_seconds = FIRST_RETRY_SECONDS
            except AmiRefused as refusal:
                if not first.done():
                    first.set_exception(refusal)
                    return
                log.error("%s (trying again in %g s)", refusal, REFUSED_RETRY_SECONDS)
                retry_seconds = REFUSED_RETRY_SECONDS
            except (OSError, TimeoutError, ControlLost, RequestRefused) as error:
                log.info("AMI: %s", error)
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, LONGEST_RETRY_SECONDS)

    async def _live(self, first: asyncio.Future[None]) -> None:
        """One connection; returns when it had been of use and is over."""
        manager = _OneConnection(self._address)
        for event in _HEARD:
            manager.register_event(event, self._heard)
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                await manager.connect()
            login = await _limited(manager.authenticated_future, "Login", ACTION_SECONDS)
            if not login.success:
                raise AmiRefused(
                    f"Asterisk refuses the AMI user {self._address.user} ({login.message}):"
                    " it was started with another password; stop that Asterisk, then start again"
                )
            await _send(manager, "Filter", {"Operation": "Add", "Filter": _FILTER}, ACTION_SECONDS)
            self._manager = manager
            self._up.set()
            if not first.done():
                first.set_result(None)
            while not await _ended(manager.over, PING_SECONDS):
                await _send(manager, "Ping", {}, ACTION_SECONDS)
        except (ControlLost, RequestRefused) as error:
            if self._manager is None:
                raise
            log.warning("the AMI connection is given up: %s", error)
        finally:
            self._manager = None
            self._up.clear()
            manager.give_up()

    def _heard(self, manager: Manager, event: Message) -> None:
        try:
            news = _news(event)
            if isinstance(news, SenderRefused):
                self.refusals[news.why] += 1
            if news is not None:
                self._tell(news)
        except Exception:
            # One event's fault must not end the connection.
            log.exception("handling the AMI event %s failed", event.event)


_FILTER = f"Event: ({'|'.join(_HEARD)})"


class _WholeLetters(AMIProtocol):  # type: ignore[misc]
    """Keeps a letter that is split between two reads, and never queues an action for another connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def data_received(self, data: bytes) -> None:
        super().data_received(self._decode(data).encode())

    def close(self) -> None:
        actions = {id(action): action for action in self.responses.values()}
        self.responses.clear()
        for action in actions.values():
            if not action.future.done():
                action.future.set_exception(ControlLost("the AMI connection was lost"))
                action.future.exception()  # nobody may be waiting any more
        super().close()


class _OneConnection(Manager):  # type: ignore[misc]
    """A Manager for one connection: it neither reconnects nor pings nor repeats anything."""

    def __init__(self, address: AmiAddress) -> None:
        super().__init__(
            host=address.host,
            port=address.port,
            username=address.user,
            secret=address.password,
            events="system,security",
            protocol_factory=_WholeLetters,
            log=_library_log,
        )
        self.over = asyncio.Event()
        self.pinger: asyncio.TimerHandle | None

    def connection_made(self, f: asyncio.Future[Any]) -> None:
        if f.cancelled() or f.exception() is not None:
            return
        super().connection_made(f)
        self._stop_pinging()

    async def send_awaiting_actions(self, *_: object) -> None:
        """Nothing is ever sent a second time."""

    def login(self, future: asyncio.Future[Message]) -> bool:
        return True  # whoever awaits `authenticated_future` judges it

    def connection_lost(self, exc: object) -> None:
        self._stop_pinging()
        self.over.set()

    def give_up(self) -> None:
        """No closing handshake: the other side may be dead."""
        self._stop_pinging()
        if self.protocol is not None:
            self.protocol.closed = True
            self.protocol.transport.abort()
            self.protocol.close()

    def _stop_pinging(self) -> None:
        if self.pinger is not None:
            self.pinger.cancel()
            self.pinger = None


async def _send(manager: _OneConnection, name: str, fields: dict[str, str], seconds: float) -> list[Message]:
    if name.lower() in _FORBIDDEN_ACTIONS:
        raise ValueError(f"{name} is not for AMI here: use CallControl")
    for key, value in fields.items():
        _check(key, key)
        _check(key, value)
    _check("Action", name)
    answer = await _limited(manager.send_action({"Action": name, **fields}), name, seconds)
    messages: list[Message] = answer if isinstance(answer, list) else [answer]
    if not messages[0].success:
        raise RequestRefused(f"Asterisk refused the AMI action {name}: {messages[0].message}")
    return messages


async def _limited(future: asyncio.Future[Any], name: str, seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await future
    except TimeoutError:
        raise ControlLost(f"Asterisk did not answer the AMI action {name} within {seconds:g} s") from None


async def _ended(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _check(name: str, value: str) -> None:
    """A line break would begin a header, or an action, of the value's own choosing."""
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in value):
        raise ValueError(f"{name} holds a line break or another control character: remove it")


def _news(event: Message) -> SystemNews | None:
    match event.event:
        case "FullyBooted":
            return AsteriskBooted()
        case "Shutdown":
            return AsteriskStopping(event.restart.lower() == "true")
        case "ContactStatus":
            status = event.contactstatus
            trunk = event.endpointname or event.aor
            return TrunkStatus(trunk, "contact", status in _REACHABLE, status) if trunk else None
        case "Registry":
            good = event.status == "Registered"
            return TrunkStatus(event.username, "registration", good, event.cause or event.status)
        case why if event.service == "PJSIP":
            return SenderRefused(why, event.accountid, _host(event.remoteaddress))
    return None


def _host(address: str) -> str:
    """Of Asterisk's IPV4/UDP/192.0.2.7/5060."""
    parts = address.split("/")
    return parts[2] if len(parts) > 2 else address
