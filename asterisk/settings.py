"""What one Asterisk is set up with: its installation, its runtime folder, its ports, trunks and limits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

from calls.talk_control import NOT_FOR_PHONES

# The same in every installation: the ports differ, and the passwords are random.
ARI_USER = "infolinia"
AMI_USER = "infolinia"
MEDIA_USER = "infolinia"
MEDIA_CLIENT = "media"  # the connection's name in websocket_client.conf
# Simulated callers are processes of their own, each with a media server: so many at once.
CALLER_MEDIA_CLIENTS = ("caller-media-1", "caller-media-2", "caller-media-3", "caller-media-4")
INBOUND_CONTEXT = "inbound"
FALLBACK_CONTEXT = "fallback"
LOOPBACK_TRUNK = "loopback"
LOCAL_TRUNK = "local"
LOOPBACK_ADDRESS = "127.0.0.60"  # where calls of Asterisk to itself come from
# Where browsers' SIP comes from by way of the console. No endpoint is known by this address, so a browser
# that gives a name which is not its own is nobody.
BROWSER_ADDRESS = "127.0.0.61"

_LONGEST_SOCKET_PATH = 107  # bytes in sockaddr_un.sun_path, without its closing zero
_CODECS = frozenset({"ulaw", "alaw", "g722", "opus"})
_COUNTRIES = frozenset({"pl", "ru", "us"})  # those in indications.conf
_SOUND_LANGUAGES = frozenset({"en", "ru"})  # those recorded by a person
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_PHONE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SHORTEST_PASSWORD = 8  # of a telephone: anybody who reaches the SIP port may guess
_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_UNFIT_FOR_PATHS = ",&%|\"'[]()"
_SOUND = re.compile(r"[A-Za-z0-9_./ -]{1,200}")


class SettingsRefused(ValueError):
    """Settings cannot be used; `problems` has a sentence for each, which names it and the remedy."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class AsteriskInstallation:
    """Where the program and its data are. Never written to. `argv` begins its command line."""

    argv: tuple[str, ...]
    module_dir: Path
    data_dir: Path
    sounds_dir: Path
    music_dir: Path


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier. The first of `hosts` (`name[:port]`) is called and registered at; all may call in.

    `networks`: further addresses (CIDR) that calls may come from. `username` and `password` are for calls
    and registration to the carrier; a carrier's own calls are known by address.
    """

    name: str
    hosts: tuple[str, ...]
    networks: tuple[str, ...] = ()
    username: str = ""
    password: str = ""
    registers: bool = False
    from_domain: str = ""
    codecs: tuple[str, ...] = ("g722", "alaw", "ulaw")
    qualify_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's SIP telephone: it registers with its name and password, and is only ever called."""

    name: str
    password: str = field(repr=False)
    codecs: tuple[str, ...] = ("g722", "alaw", "ulaw")
    qualify_seconds: int = 30


@dataclass(frozen=True, slots=True)
class AsteriskSettings:
    """One installation. Several run on one machine when folder, ports and `app` differ.

    `caller_media_port` is the first of those of CALLER_MEDIA_CLIENTS.
    `deadman_seconds`: how long the engine may leave a new call without a sign of life (CallControl.guard).
    Sounds are names of Asterisk's own or absolute paths without extension, played in turn.
    `external_address` is what carriers see behind NAT; `local_networks` are not behind it.
    `ice_candidates` maps own addresses to those offered to browsers.
    """

    runtime_dir: Path
    app: str = "infolinia"
    node: str = "infolinia"
    sip_bind: str = "127.0.0.1"
    sip_port: int = 5060
    loopback_port: int = 5070
    http_port: int = 8088
    ami_port: int = 5038
    media_port: int = 8089
    caller_media_port: int = 8091
    rtp_start: int = 10000
    rtp_end: int = 10999
    country: str = ""
    trunks: tuple[Trunk, ...] = ()
    phones: tuple[Phone, ...] = ()
    external_address: str = ""
    local_networks: tuple[str, ...] = ()
    ice_candidates: tuple[tuple[str, str], ...] = ()
    sound_language: str = "en"
    deadman_seconds: int = 10
    retry_attempts: int = 4
    retry_music_seconds: int = 2
    message_silence_seconds: int = 5
    message_limit_seconds: int = 120
    voicemail_sounds: tuple[str, ...] = ("vm-nobodyavail", "vm-intro")
    saved_sounds: tuple[str, ...] = ("vm-msgsaved", "vm-goodbye")
    goodbye_sounds: tuple[str, ...] = ("vm-goodbye",)


def check_settings(settings: AsteriskSettings) -> None:
    """Raises SettingsRefused with all settings that Asterisk's files could not hold as they are meant."""
    problems = tuple(dict.fromkeys(_problems(settings)))
    if problems:
        raise SettingsRefused(problems)


def _problems(settings: AsteriskSettings) -> Iterator[str]:
    yield from _unsafe_texts("", settings)
    socket = settings.runtime_dir.absolute() / "run" / "asterisk.ctl"
    if len(bytes(socket)) > _LONGEST_SOCKET_PATH:
        yield f"runtime_dir {settings.runtime_dir} is too long a path for a socket: choose a shorter one."
    if any(letter in str(settings.runtime_dir.absolute()) for letter in _UNFIT_FOR_PATHS):
        yield (
            f"runtime_dir {settings.runtime_dir} holds one of {_UNFIT_FOR_PATHS}, which Asterisk misreads: "
            "choose another."
        )
    for name, value in (("app", settings.app), ("node", settings.node)):
        if not _NAME.fullmatch(value):
            yield f"{name} {value!r} is not a name: use up to 32 letters, digits, '-' and '_'."
    if not _is_address(settings.sip_bind):
        yield f"sip_bind {settings.sip_bind!r} is not an IPv4 address: use one of this machine's, or 0.0.0.0."
    if settings.external_address and not _is_address(settings.external_address):
        yield f"external_address {settings.external_address!r} is not an IPv4 address."
    for network in settings.local_networks:
        if not _is_network(network):
            yield f"local_networks: {network!r} is not a network: write it as 192.168.0.0/16."
    for own, advertised in settings.ice_candidates:
        if not (_is_address(own) and _is_address(advertised)):
            yield f"ice_candidates: {own!r} and {advertised!r} must both be IPv4 addresses."
    if settings.country and settings.country not in _COUNTRIES:
        yield f"country {settings.country!r} has no tones here: use one of {', '.join(sorted(_COUNTRIES))}."
    if settings.sound_language not in _SOUND_LANGUAGES:
        yield (
            f"sound_language {settings.sound_language!r} has no recorded sounds: "
            f"use one of {', '.join(sorted(_SOUND_LANGUAGES))}."
        )
    yield from _number_problems(settings)
    yield from _trunk_problems(settings.trunks)
    yield from _phone_problems(settings)
    for name in ("voicemail_sounds", "saved_sounds", "goodbye_sounds"):
        sounds: tuple[str, ...] = getattr(settings, name)
        if not sounds:
            yield f"{name} is empty: name at least one sound."
        for sound in sounds:
            if not _SOUND.fullmatch(sound):
                yield f"{name}: {sound!r} is not a sound's name: use letters, digits and '_', '-', '.', '/'."


def _unsafe_texts(place: str, value: object) -> Iterator[str]:
    """A line break would begin a new line of configuration, the rest a comment, a file or an expression."""
    if isinstance(value, str | Path):
        text = str(value)
        shown = "its text" if place.endswith("password") else repr(text)
        if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
            yield f"{place}: {shown} holds a line break or another control character: remove it."
        for forbidden in (";", "#include", "#exec", "#tryinclude", "${", "$["):
            if forbidden in text:
                yield f"{place}: {shown} holds {forbidden!r}, which Asterisk's files cannot carry: remove it."
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _unsafe_texts(f"{place}[{index}]", item)
    elif isinstance(value, AsteriskSettings | Trunk | Phone):
        for each in fields(value):
            inner = f"{place}.{each.name}" if place else each.name
            yield from _unsafe_texts(inner, getattr(value, each.name))


def _number_problems(settings: AsteriskSettings) -> Iterator[str]:
    ports = {
        name: getattr(settings, name)
        for name in ("sip_port", "loopback_port", "http_port", "ami_port", "media_port")
    }
    for number, client in enumerate(CALLER_MEDIA_CLIENTS):
        ports[f"caller_media_port ({client})"] = settings.caller_media_port + number
    for name, port in {**ports, "rtp_start": settings.rtp_start, "rtp_end": settings.rtp_end}.items():
        if not 1 <= port <= 65535:
            yield f"{name} {port} is not a port: use 1 to 65535."
    owners: dict[int, str] = {}
    for name, port in ports.items():
        if port in owners:
            yield f"{name} and {owners[port]} are both {port}: give each its own port."
        owners[port] = name
    if settings.rtp_start >= settings.rtp_end:
        yield f"rtp_start {settings.rtp_start} must lie below rtp_end {settings.rtp_end}."
    for name in ("sip_port", "loopback_port"):
        if settings.rtp_start <= ports[name] <= settings.rtp_end:
            yield f"{name} {ports[name]} lies between rtp_start and rtp_end: move one of them."
    for name in ("deadman_seconds", "retry_attempts", "retry_music_seconds"):
        if getattr(settings, name) < 1:
            yield f"{name} must be at least 1."
    for name in ("message_silence_seconds", "message_limit_seconds"):
        if getattr(settings, name) < 1:
            yield f"{name} must be at least 1: 0 would record without an end."


def _trunk_problems(trunks: tuple[Trunk, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for index, trunk in enumerate(trunks):
        place = f"trunks[{index}]"
        if not _NAME.fullmatch(trunk.name):
            yield f"{place}.name {trunk.name!r} is not a name: use up to 32 letters, digits, '-' and '_'."
        if trunk.name in NOT_FOR_PHONES:
            yield f"{place}.name {trunk.name!r} is taken by the hotline itself: choose another."
        if trunk.name in seen:
            yield f"{place}.name {trunk.name!r} is used twice: choose another."
        seen.add(trunk.name)
        if not trunk.hosts:
            yield f"{place}.hosts is empty: name the carrier's host."
        for host in trunk.hosts:
            if not _HOST.fullmatch(host):
                yield f"{place}.hosts: {host!r} is not a host: write it as sip.example.com or 192.0.2.1:5060."
        for network in trunk.networks:
            if not _is_network(network):
                yield f"{place}.networks: {network!r} is not a network: write it as 192.0.2.0/24."
        if trunk.from_domain and not _HOST.fullmatch(trunk.from_domain):
            yield f"{place}.from_domain {trunk.from_domain!r} is not a host."
        if not trunk.codecs or not _CODECS.issuperset(trunk.codecs):
            yield f"{place}.codecs must be some of {', '.join(sorted(_CODECS))}."
        if re.search(r"[\s@<>\"]", trunk.username):
            yield f'{place}.username {trunk.username!r} holds a space or one of @ < > ".'
        if trunk.registers and not trunk.username:
            yield f"{place}.registers needs a username and a password."
        if trunk.username and not trunk.password:
            yield f"{place}.password is missing for username {trunk.username!r}."


def _phone_problems(settings: AsteriskSettings) -> Iterator[str]:
    taken = NOT_FOR_PHONES | {trunk.name for trunk in settings.trunks}
    for index, phone in enumerate(settings.phones):
        place = f"phones[{index}]"
        if not _PHONE_NAME.fullmatch(phone.name):
            # A caller's number is matched against these names: one that looks like a number would take it.
            yield f"{place}.name {phone.name!r} must begin with a letter: use a-z, digits, '-' and '_'."
        if phone.name in taken:
            yield f"{place}.name {phone.name!r} is taken: no trunk or other telephone may have it."
        taken |= {phone.name}
        if len(phone.password) < SHORTEST_PASSWORD:
            yield f"{place}.password of {phone.name!r} must have at least {SHORTEST_PASSWORD} characters."
        if not phone.codecs or not _CODECS.issuperset(phone.codecs):
            yield f"{place}.codecs must be some of {', '.join(sorted(_CODECS))}."


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return False
    return "/" in text or _is_address(text)
