"""What is rendered, for whom it is readable, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk.folders import RuntimeFolderRefused, RuntimeFolders, load_secrets
from asterisk.rendering import find_templates, render, rendered, write_rendered
from asterisk.settings import AsteriskInstallation, AsteriskSettings, SettingsRefused, Trunk, check_settings

INSTALLATION = AsteriskInstallation(
    argv=("asterisk",),
    module_dir=Path("/usr/lib/asterisk/modules"),
    data_dir=Path("/usr/share/asterisk"),
    sounds_dir=Path("/usr/share/asterisk/sounds"),
    music_dir=Path("/usr/share/asterisk/moh"),
)
CARRIER = Trunk(
    name="carrier",
    hosts=("sip.example.com:5080", "192.0.2.7"),
    networks=("192.0.2.64/28",),
    username="48220000010",
    password="p4ss word",
    registers=True,
    codecs=("alaw", "ulaw"),
)


def files_of(settings: AsteriskSettings) -> dict[str, str]:
    folders = RuntimeFolders(settings.runtime_dir)
    settings.runtime_dir.mkdir(parents=True, exist_ok=True)
    return render(settings, INSTALLATION, load_secrets(folders))


def test_every_template_is_rendered_and_leaves_nothing_open(tmp_path: Path) -> None:
    files = files_of(AsteriskSettings(runtime_dir=tmp_path, trunks=(CARRIER,)))
    assert set(files) == {path.name for path in find_templates().glob("*.conf")}
    assert {"asterisk.conf", "modules.conf", "pjsip.conf", "extensions.conf", "ari.conf"} <= set(files)
    for name, text in files.items():
        assert not re.search(r"\{\{|\{%|None\b|PosixPath", text), name


def test_files_and_passwords_are_for_this_user_only(tmp_path: Path) -> None:
    settings = AsteriskSettings(runtime_dir=tmp_path / "ast")
    folders = RuntimeFolders(settings.runtime_dir)
    data = tmp_path / "data"
    (data / "documentation").mkdir(parents=True)
    folders.make(replace(INSTALLATION, data_dir=data))
    secrets = load_secrets(folders)
    write_rendered(render(settings, INSTALLATION, secrets), folders)
    for place in (folders.root, folders.etc, folders.run, folders.log, folders.messages):
        assert place.stat().st_mode & 0o777 == 0o700, place
    for path in (folders.root / "secrets.json", *folders.etc.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert load_secrets(folders) == secrets, "made once"
    assert len({secrets.ari_password, secrets.ami_password, secrets.media_password}) == 3
    assert secrets.ari_password not in repr(secrets)
    assert rendered(folders) == render(settings, INSTALLATION, secrets)


def test_each_installation_has_its_own_passwords(tmp_path: Path) -> None:
    first, second = RuntimeFolders(tmp_path / "a"), RuntimeFolders(tmp_path / "b")
    for folders in (first, second):
        folders.root.mkdir()
    assert load_secrets(first).ari_password != load_secrets(second).ari_password


def test_spoilt_secrets_are_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    with pytest.raises(RuntimeFolderRefused, match="delete it and start again"):
        load_secrets(RuntimeFolders(tmp_path))


def test_a_carrier_gets_its_endpoint_address_login_and_registration(tmp_path: Path) -> None:
    text = files_of(AsteriskSettings(runtime_dir=tmp_path, trunks=(CARRIER,)))["pjsip.conf"]
    sections = [part for part in text.split("\n\n") if part.startswith("[carrier]")]
    assert [re.search(r"type = (\w+)|\(party\)", part)[0] for part in sections] == [  # type: ignore[index]
        "(party)",
        "type = aor",
        "type = identify",
        "type = auth",
        "type = registration",
    ]
    assert "match = sip.example.com:5080\nmatch = 192.0.2.7\nmatch = 192.0.2.64/28" in sections[2]
    assert "password = p4ss word" in sections[3]
    assert "client_uri = sip:48220000010@sip.example.com:5080" in sections[4]
    assert "anonymous" not in re.sub(r"(?m)^;.*$", "", text)


def test_control_interfaces_listen_on_loopback_only(tmp_path: Path) -> None:
    files = files_of(AsteriskSettings(runtime_dir=tmp_path, sip_bind="0.0.0.0"))
    assert "bindaddr = 127.0.0.1" in files["http.conf"]
    assert "bindaddr = 127.0.0.1" in files["manager.conf"]
    granted = re.findall(r"^(?:read|write) = (.*)$", files["manager.conf"], re.MULTILINE)
    assert granted
    assert not any(right in ("originate", "command", "all") for line in granted for right in line.split(","))


@pytest.mark.parametrize(
    ("trunk", "named"),
    [
        (replace(CARRIER, password="x\n[evil]"), "trunks[0].password"),
        (replace(CARRIER, password="x\r"), "trunks[0].password"),
        (replace(CARRIER, password="x;y"), "trunks[0].password"),
        (replace(CARRIER, password="#include /etc/passwd"), "trunks[0].password"),
        (replace(CARRIER, username="a@b"), "trunks[0].username"),
        (replace(CARRIER, username="${SHELL(id)}"), "trunks[0].username"),
        (replace(CARRIER, name="a]b"), "trunks[0].name"),
        (replace(CARRIER, name="local"), "trunks[0].name"),
        (replace(CARRIER, hosts=("h\nmatch=0.0.0.0/0",)), "trunks[0].hosts[0]"),
        (replace(CARRIER, hosts=("0.0.0.0/0",)), "trunks[0].hosts"),
        (replace(CARRIER, hosts=()), "trunks[0].hosts"),
        (replace(CARRIER, networks=("everyone",)), "trunks[0].networks"),
        (replace(CARRIER, codecs=("ulaw\nx",)), "trunks[0].codecs[0]"),
        (replace(CARRIER, codecs=("g729",)), "trunks[0].codecs"),
        (replace(CARRIER, password=""), "trunks[0].password"),
    ],
)
def test_a_trunk_that_could_inject_or_mislead_is_refused(tmp_path: Path, trunk: Trunk, named: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        check_settings(AsteriskSettings(runtime_dir=tmp_path, trunks=(trunk,)))
    assert refusal.value.problems[0].startswith(named)
    assert not any("\n" in sentence for sentence in refusal.value.problems)
    assert "x;y" not in str(refusal.value), "a password is never shown"


@pytest.mark.parametrize(
    "changes",
    [
        {"app": "infolinia,evil"},
        {"node": "a b"},
        {"sip_bind": "127.0.0.1\n"},
        {"sip_bind": "localhost"},
        {"sip_port": 0},
        {"sip_port": 5038},
        {"sip_port": 10500},
        {"rtp_start": 11000},
        {"country": "xx"},
        {"sound_language": "pl"},
        {"deadman_seconds": 0},
        {"message_limit_seconds": 0},
        {"voicemail_sounds": ("a,b",)},
        {"voicemail_sounds": ()},
        {"saved_sounds": ("${SHELL(id)}",)},
        {"ice_candidates": (("192.0.2.1", "x"),)},
        {"trunks": (CARRIER, CARRIER)},
    ],
)
def test_a_setting_that_asterisk_would_misread_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    check_settings(AsteriskSettings(runtime_dir=tmp_path))
    with pytest.raises(SettingsRefused) as refusal:
        check_settings(replace(AsteriskSettings(runtime_dir=tmp_path), **changes))  # type: ignore[arg-type]
    assert next(iter(changes)) in str(refusal.value)


def test_a_runtime_folder_that_asterisk_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="which Asterisk misreads"):
        check_settings(AsteriskSettings(runtime_dir=tmp_path / "a,b"))


def test_a_runtime_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="choose a shorter one"):
        check_settings(AsteriskSettings(runtime_dir=tmp_path / ("x" * 100)))
