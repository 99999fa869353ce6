"""Connections that lead into the open Internet only, not into our own network.

An address is checked where the connection is made to it, so that neither a name that means one address when
it is checked and another when it is used, nor an odd way to write a number, leads anywhere else.
"""

from __future__ import annotations

import ipaddress
import socket

from aiohappyeyeballs import AddrInfoType

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# All that is given out; outside it are old and local ways to write an IPv4 address, and a site's networks.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


class PrivateAddress(OSError):
    """The receiver's name means an address of a network that is not the open Internet."""


def is_open_internet(address: str) -> bool:
    """Whether this IP address can be meant by a receiver outside; an address inside another one counts."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return inner.is_global and not inner.is_multicast
        return ip.is_global and ip in _GLOBAL_UNICAST
    return ip.is_global and not ip.is_multicast


def names_own_network(host: str) -> bool:
    """Whether that host is written as an address of our own network. What a name means is not looked up."""
    if host == "localhost":
        return True
    try:
        return not is_open_internet(host)
    except ValueError:
        return False


def open_internet_socket(address: AddrInfoType) -> socket.socket:
    """A socket factory for aiohttp. Raises PrivateAddress."""
    family, kind, protocol, _, where = address
    if not is_open_internet(str(where[0])):
        raise PrivateAddress
    return socket.socket(family, kind, protocol)
