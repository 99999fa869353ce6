"""The configuration file, `infolinia.yaml`: every setting has a default that works on one machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from asterisk.settings import AsteriskSettings, SettingsRefused, Trunk, check_settings
from engine.deadmen import DEADMAN_SECONDS
from infolinia.sections.callbacks import CallbacksSection, Forms, callback_problems
from infolinia.sections.chats import Chats, chat_problems
from infolinia.sections.debts import DebtsSection
from infolinia.sections.desk import DeskSection, desk_problems
from infolinia.sections.dialogues import dialogue_problems
from infolinia.sections.followups import FollowupSection, followup_problems
from infolinia.sections.hours import HoursSection, TimeZoneName
from infolinia.sections.message_providers import SECRETS as PROVIDER_SECRETS
from infolinia.sections.messaging import MessagingSection, messaging_problems
from infolinia.sections.outbound import FlowName, OutboundSection, outbound_problems
from infolinia.sections.queues import Agents, QueueSections, queue_problems, telephones
from infolinia.sections.recording import RecordingSection
from infolinia.sections.retention import RetentionSection
from infolinia.sections.rules import RulesSection, rule_problems
from infolinia.sections.services import ServiceName, ServiceSection
from infolinia.sections.web import WebSection
from infolinia.sections.webhooks import WebhooksSection
from infolinia.setting_names import in_configuration_words, setting_paths
from infolinia.setup.inventory import is_model
from ivr.reading.shape import locate, read_model
from store.database import StoreError, database_url
from wording.currency_words import CURRENCIES
from wording.phone_words import COUNTRIES
from wording.yaml_source import Listing, Node, Place, SourceRejected, Table, read_yaml

# The database's address holds a password: it may come from the environment instead of the file.
DATABASE_VARIABLE = "INFOLINIA_DATABASE"
DEFAULT_FILE = Path("infolinia.yaml")


class ConfigurationRejected(Exception):
    """The configuration cannot be used: one sentence a line, each with file, line and remedy."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _port_range(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,5})-(\d{1,5})", value.strip())):
        return int(match[1]), int(match[2])
    raise ValueError("write a range of ports as 10000-10999")


def _campaign_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("a campaign's name has small letters, digits, '-' and '_', a letter first")
    return value


def _database(value: str) -> str:
    if value:
        try:
            database_url(value)
        except StoreError as refused:
            raise ValueError(str(refused)) from refused
    return value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("write a country as two capital letters, such as PL")
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError(f"write a currency that can be said: {', '.join(sorted(CURRENCIES))}")
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
PortRange = Annotated[tuple[int, int], BeforeValidator(_port_range)]
CampaignName = Annotated[str, AfterValidator(_campaign_name)]


class TrunkSection(_Section):
    """A carrier; the fields of asterisk.settings.Trunk."""

    name: str
    hosts: tuple[str, ...]
    networks: tuple[str, ...] = ()
    username: str = ""
    password: str = Field(default="", repr=False)
    registers: bool = False
    from_domain: str = ""
    codecs: tuple[str, ...] = ("g722", "alaw", "ulaw")


class SipSection(_Section):
    bind: str = "127.0.0.1"
    port: Port = 5060
    rtp: PortRange = (10000, 10999)
    external_address: str = ""
    local_networks: tuple[str, ...] = ()
    trunks: tuple[TrunkSection, ...] = ()


class AsteriskSection(_Section):
    """Ports of Asterisk's own interfaces and of the media sockets: all on the loopback address."""

    http_port: Port = 8088
    ami_port: Port = 5038
    loopback_port: Port = 5070
    media_port: Port = 8089
    caller_media_port: Port = 8091


class VoiceSection(_Section):
    """A pyttsx3 voice by its id, words per minute, and how high (50: as usual) and loud (percent) it is."""

    id: str
    rate: Annotated[int, Field(ge=60, le=400)] = 150
    pitch: Annotated[int, Field(ge=0, le=100)] = 50
    volume: Annotated[int, Field(ge=10, le=200)] = 100


class SpeechSection(_Section):
    """`models`: language -> folder of a Vosk model, beside those that were provided."""

    models: Mapping[str, Path] = {}
    voices: Mapping[str, VoiceSection] = {}
    threads: Annotated[int, Field(ge=1, le=64)] = 2


class Configuration(_Section):
    """Paths are relative to the configuration file's folder."""

    name: str = "infolinia"
    node: str = "infolinia"
    country: Annotated[str, AfterValidator(_country)] = "PL"
    time_zone: TimeZoneName = "Europe/Warsaw"
    currency: Annotated[str, AfterValidator(_currency)] = "PLN"
    hours: Mapping[str, HoursSection] = {}
    services: Mapping[ServiceName, ServiceSection] = {}
    codes_in_log: bool = True
    agents: Agents = {}
    queues: QueueSections = {}
    desk: DeskSection = DeskSection()
    campaigns: tuple[CampaignName, ...] = ()
    callbacks: CallbacksSection = CallbacksSection()
    debts: DebtsSection = DebtsSection()
    forms: Forms = {}
    chats: Chats = {}
    rules: RulesSection = RulesSection()
    numbers: Mapping[str, FlowName] = {"100": "hotline"}
    unknown_number: FlowName = "unknown-number"
    flows: Path = Path("callflows")
    flows_watch: bool = False
    prompts: Path = Path("prompts")
    recordings: Path = Path("recordings")
    state: Path = Path("var")
    database: Annotated[str, AfterValidator(_database)] = ""
    sip: SipSection = SipSection()
    web: WebSection = WebSection()
    outbound: OutboundSection = OutboundSection()
    asterisk: AsteriskSection = AsteriskSection()
    speech: SpeechSection = SpeechSection()
    webhooks: WebhooksSection = WebhooksSection()
    messaging: MessagingSection = MessagingSection()
    followups: tuple[FollowupSection, ...] = ()
    retention: RetentionSection = RetentionSection()
    recording: RecordingSection = RecordingSection()
    folder: Path = Field(default=Path(), exclude=True)
    file: Path | None = Field(default=None, exclude=True)

    def place(self, path: Path) -> Path:
        """An absolute path of one that is relative to the configuration file."""
        return path if path.is_absolute() else self.folder / path

    @property
    def database_url(self) -> str:
        return (
            os.environ.get(DATABASE_VARIABLE)
            or self.database
            or f"sqlite:///{self.place(self.state) / 'infolinia.db'}"
        )

    def asterisk_settings(self) -> AsteriskSettings:
        sip, asterisk = self.sip, self.asterisk
        return AsteriskSettings(
            runtime_dir=self.place(self.state) / "asterisk",
            node=self.node,
            sip_bind=sip.bind,
            sip_port=sip.port,
            loopback_port=asterisk.loopback_port,
            http_port=asterisk.http_port,
            ami_port=asterisk.ami_port,
            media_port=asterisk.media_port,
            caller_media_port=asterisk.caller_media_port,
            rtp_start=sip.rtp[0],
            rtp_end=sip.rtp[1],
            trunks=tuple(Trunk(**trunk.model_dump()) for trunk in sip.trunks),
            phones=telephones(self.agents),
            deadman_seconds=DEADMAN_SECONDS,
            external_address=sip.external_address,
            local_networks=sip.local_networks,
        )


def load_configuration(file: Path | None) -> Configuration:
    """Read `file`; None takes infolinia.yaml where there is one, else all defaults.

    Raises ConfigurationRejected with every problem found.
    """
    if file is None:
        if not DEFAULT_FILE.is_file():
            return _checked(Configuration(folder=Path.cwd()), "the defaults")
        file = DEFAULT_FILE
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ConfigurationRejected(
            f"{file}: cannot be read ({error.strerror}). Name another file with --config."
        ) from error
    folder = file.absolute().parent
    if all(line.lstrip()[:1] in (b"", b"#") for line in text.splitlines()):
        return _checked(Configuration(folder=folder, file=file.absolute()), str(file))
    try:
        node = read_yaml(text, str(file))
        configuration = read_model(Configuration, node, str(file))
    except SourceRejected as rejected:
        raise ConfigurationRejected(str(rejected)) from rejected
    placed = {"folder": folder, "file": file.absolute()}
    return _checked(configuration.model_copy(update=placed), str(file), node)


def _checked(configuration: Configuration, file: str, node: Node | None = None) -> Configuration:
    """What no single field can tell is wrong. `node`: the file as it was written."""
    problems = [
        f'speech.models.{language} "{configuration.place(folder)}" is no Vosk model: '
        "name the folder of one, in which there is am/final.mdl."
        for language, folder in configuration.speech.models.items()
        if not is_model(configuration.place(folder))
    ]
    problems += rule_problems(configuration.rules, configuration.campaigns)
    problems += callback_problems(
        configuration.callbacks,
        configuration.forms,
        hours=configuration.hours,
        campaigns=configuration.campaigns,
    )
    problems += chat_problems(
        configuration.chats,
        hours=configuration.hours,
        campaigns=configuration.campaigns,
        numbers=configuration.numbers,
    )
    problems += queue_problems(configuration.agents, configuration.queues, configuration.hours)
    problems += desk_problems(configuration.desk, configuration.queues)
    problems += messaging_problems(configuration.messaging)
    problems += dialogue_problems(configuration.messaging.dialogues, configuration.queues)
    problems += followup_problems(
        configuration.followups, configuration.messaging.words, configuration.queues
    )
    problems += outbound_problems(configuration.outbound, [t.name for t in configuration.sip.trunks])
    try:
        check_settings(configuration.asterisk_settings())
    except SettingsRefused as refused:
        problems += [in_configuration_words(problem) for problem in refused.problems]
    lines = _with_places(node, file, problems)
    try:
        database_url(configuration.database_url)
    except StoreError as refused:
        lines.append(f"{DATABASE_VARIABLE} in the environment: {refused}")
    if lines:
        raise ConfigurationRejected("\n".join(lines))
    return configuration


def told_with_place(configuration: Configuration, sentences: Iterable[str]) -> list[str]:
    """The sentences with the file and the line of the setting that each of them names first."""
    if configuration.file is None:
        return list(sentences)
    try:
        node = read_yaml(configuration.file.read_bytes(), str(configuration.file))
    except (OSError, SourceRejected):  # it has changed since it was read
        node = None
    return _with_places(node, str(configuration.file), sentences)


def _with_places(node: Node | None, file: str, sentences: Iterable[str]) -> list[str]:
    placed = [(_place(node, told), told) for told in sentences]
    return [
        f"{file}{f':{place.line}:{place.column}' if place else ''}: {told}"
        for place, told in sorted(placed, key=lambda p: (p[0].line, p[0].column) if p[0] else (0, 0))
    ]


def _place(node: Node | None, sentence: str) -> Place | None:
    """Where the first setting is that the sentence names and the file has."""
    for path in setting_paths(sentence):
        if node is not None and _has(node, path):
            return locate(node, path)
    return None


def _has(node: Node, path: list[str | int]) -> bool:
    for part in path:
        if isinstance(node, Table) and (value := node.value(str(part))) is not None:
            node = value
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return False
    return True


_SECRETS: Any = {
    "sip": {"trunks": {"__all__": {"password"}}},
    "services": {"__all__": {"headers"}},
    "agents": {"__all__": {"sip": {"password"}}},
    "forms": {"__all__": {"secret"}},
    "messaging": {"providers": {"__all__": {kind: set(names) for kind, names in PROVIDER_SECRETS.items()}}},
}


def as_table(configuration: Configuration) -> dict[str, Any]:
    """The settings in force, passwords and headers left out, for `infolinia config`."""
    shown = configuration.model_dump(mode="json", exclude=_SECRETS)
    shown["database"] = re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", configuration.database_url)
    return shown
