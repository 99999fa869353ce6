"""Where Asterisk is, and how it is reached, of the parts and the configuration."""

from __future__ import annotations

from asterisk.ami import AmiAddress
from asterisk.ari import AriAddress
from asterisk.control import AsteriskControl
from asterisk.process import AsteriskFailed, AsteriskProcess
from asterisk.settings import AMI_USER, ARI_USER, AsteriskInstallation, SettingsRefused
from calls.control import CallControlError
from infolinia.configuration import Configuration
from infolinia.reloading import TelephonesFailed
from infolinia.sections.queues import telephones
from infolinia.setting_names import in_configuration_words
from infolinia.setup.inventory import Parts


def installation_of(parts: Parts) -> AsteriskInstallation:
    return AsteriskInstallation(
        argv=parts.asterisk_argv,
        module_dir=parts.asterisk_module_dir,
        data_dir=parts.asterisk_data_dir,
        sounds_dir=parts.sounds_dir,
        music_dir=parts.music_dir,
    )


def ari_address(configuration: Configuration, asterisk: AsteriskProcess, app: str) -> AriAddress:
    url = f"http://127.0.0.1:{configuration.asterisk.http_port}"
    return AriAddress(url=url, app=app, user=ARI_USER, password=asterisk.secrets.ari_password)


async def change_telephones(
    configuration: Configuration, control: AsteriskControl, asterisk: AsteriskProcess
) -> None:
    """The SIP telephones of the configuration. Raises TelephonesFailed."""
    try:
        await control.sip_phones.put(telephones(configuration.agents), asterisk)
    except SettingsRefused as refused:
        raise TelephonesFailed(" ".join(map(in_configuration_words, refused.problems))) from refused
    except AsteriskFailed as failure:
        raise TelephonesFailed(str(failure)) from failure
    except CallControlError as failure:
        raise TelephonesFailed(f"Asterisk refused ({failure}).") from failure


def ami_address(configuration: Configuration, asterisk: AsteriskProcess) -> AmiAddress:
    return AmiAddress("127.0.0.1", configuration.asterisk.ami_port, AMI_USER, asterisk.secrets.ami_password)
