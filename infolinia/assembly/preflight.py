"""What is checked before anything is started, so that nothing is started in vain."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asterisk.media import HOST as MEDIA_HOST
from channels.services import ServiceAddress
from infolinia.configuration import Configuration
from infolinia.sections.services import missing_variables, service_addresses

# What Asterisk and the database write at a start, with room for an hour of calls.
FREE_BYTES = 16 << 20


class StartFailed(Exception):
    """The hotline cannot start: one sentence that says why and the remedy."""


def usable_services(configuration: Configuration) -> dict[str, ServiceAddress]:
    """The company's services with the secrets of the environment. Raises StartFailed when one is missing."""
    if problems := list(missing_variables(configuration.services)):
        raise StartFailed("\n".join(problems))
    return service_addresses(configuration.services)


def refuse_taken_ports(configuration: Configuration) -> None:
    """The ports of this process itself; Asterisk's are tried when it is started. Raises StartFailed."""
    _refuse_taken("web.port", configuration.web.bind, configuration.web.port)
    _refuse_taken("asterisk.media_port", MEDIA_HOST, configuration.asterisk.media_port)


@contextmanager
def held_state_folder(folder: Path) -> Iterator[None]:
    """Make it where it is missing and keep other hotlines out of it. Raises StartFailed.

    The kernel drops the lock when the process dies.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StartFailed(
            f"The state folder {folder} cannot be written ({error.strerror}): "
            "make that possible for this user, or set another `state`."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise StartFailed(
                f"A hotline already runs in {folder} (process {holder}): stop it or set another `state`."
            ) from None
        free_bytes = shutil.disk_usage(folder).free
        if free_bytes < FREE_BYTES:
            raise StartFailed(
                f"The disk of the state folder {folder} is full ({free_bytes >> 20} MB are free, "
                f"{FREE_BYTES >> 20} MB are needed): make room or set another `state`."
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _refuse_taken(setting: str, address: str, port: int) -> None:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections do not count
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartFailed(
                f"TCP port {address}:{port} is taken by another program: "
                f"stop that program or set another `{setting}`."
            ) from error
        section = setting.partition(".")[0]
        raise StartFailed(
            f"TCP port {address}:{port} cannot be used ({error.strerror}): "
            f"change `{setting}`" + (f" or `{section}.bind`." if section == "web" else ".")
        ) from error
