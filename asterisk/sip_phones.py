"""SIP telephones, as the configuration has them: Asterisk is told of each that comes, goes or changes."""

from __future__ import annotations

from collections.abc import Iterator

from asterisk.browser_phones import BrowserPhones
from asterisk.phones import Phones
from asterisk.process import AsteriskProcess
from asterisk.settings import Phone


class SipPhones:
    """`names`: the telephones that may be rung, which others keep at hand: it changes in place."""

    def __init__(self, names: set[str], phones: Phones, browsers: BrowserPhones) -> None:
        self._names = names
        self._phones = phones
        self._browsers = browsers

    async def put(self, wanted: tuple[Phone, ...], asterisk: AsteriskProcess) -> None:
        """These from now on. Those that stay as they are keep their registrations and calls.

        One with another password has to register anew. Raises SettingsRefused, AsteriskFailed and
        CallControlError; what is not done then is done when it is asked for again.
        """
        before = {phone.name: phone for phone in asterisk.settings.phones}
        after = {phone.name: phone for phone in wanted}
        if before != after:
            for name in _other(before, after):
                await self._browsers.forget_registrations(name)
            for name in before.keys() - after.keys():
                self._names.discard(name)
                await self._phones.remove(name)
            for name in after.keys() & self._browsers.admitted:
                await self._browsers.dismiss(name)
            await asterisk.change_phones(wanted)
        for name in sorted(after.keys() - self._names):
            await self._phones.add(name)
            self._names.add(name)


def _other(before: dict[str, Phone], after: dict[str, Phone]) -> Iterator[str]:
    """Whose registration is void."""
    for name, phone in before.items():
        if name not in after or after[name].password != phone.password:
            yield name
