"""Whether the ports Asterisk is to listen on are free, told by the setting that names each."""

from __future__ import annotations

import errno
import socket

from asterisk.settings import LOOPBACK_ADDRESS, AsteriskSettings


def taken_port(settings: AsteriskSettings) -> str | None:
    """One sentence on the first port that cannot be had, None when all are free."""
    loopback = "127.0.0.1"
    wanted = (
        ("sip_port", socket.SOCK_DGRAM, settings.sip_bind, settings.sip_port),
        ("loopback_port", socket.SOCK_DGRAM, LOOPBACK_ADDRESS, settings.loopback_port),
        ("http_port", socket.SOCK_STREAM, loopback, settings.http_port),
        ("ami_port", socket.SOCK_STREAM, loopback, settings.ami_port),
    )
    for setting, kind, address, port in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections do not count
            try:
                probe.bind((address, port))
            except OSError as error:
                name = "TCP" if kind == socket.SOCK_STREAM else "UDP"
                if error.errno == errno.EADDRINUSE:
                    return (
                        f"{name} port {address}:{port} is taken by another program: "
                        f"stop that program or set another `{setting}`."
                    )
                return f"{name} port {address}:{port} cannot be used ({error.strerror}): change `{setting}`."
    return None
