"""`callbacks:` and `forms:` of the configuration: who is called back, and the forms that ask for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ivr.reading.shape import Seconds, guess

SHORTEST_SECRET = 16
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.ASCII)

Within = Annotated[Seconds, Field(ge=300, le=30 * 86_400)]


def _word(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        raise ValueError("a name here has small letters, digits, '-' and '_', a letter first")
    return value


def _secret(value: str) -> str:
    if not VARIABLE.fullmatch(value) and len(value) < SHORTEST_SECRET:
        raise ValueError(
            f"a form's secret has at least {SHORTEST_SECRET} characters, or is a variable of the environment "
            'as "${NAME}"'
        )
    return value


def origin(value: str) -> str:
    written = value.lower()
    if not _ORIGIN.fullmatch(written):
        raise ValueError(_told_origin(written))
    return written


def _told_origin(written: str) -> str:
    scheme, divided, rest = written.partition("://")
    if not divided:
        return "begin with https://: write the site's origin, such as https://www.example.com"
    if scheme not in ("http", "https"):
        return f"{scheme[:20]!r} is neither http nor https: write it such as https://www.example.com"
    host = rest.partition("/")[0]
    if host != rest and _ORIGIN.fullmatch(f"{scheme}://{host}"):
        return f"leave out what follows the host: write {scheme}://{host}"
    return "write the site's origin without a path, such as https://www.example.com"


Word = Annotated[str, AfterValidator(_word)]


class MissedSection(BaseModel):
    """`numbers`: calls to these; empty: only who asks is called back. `outcomes` are those of queues.

    `closed`: so are calls that came outside `hours`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: tuple[str, ...] = ()
    topic: Word = "missed"
    within: Within = 4 * 3600.0
    outcomes: tuple[Literal["abandoned", "timeout", "full", "nobody", "lost"], ...] = ("abandoned",)
    shortest_wait: Annotated[Seconds, Field(ge=0, le=600)] = 5.0
    hours: str | None = None
    closed: bool = False


class PersonalSection(BaseModel):
    """Callbacks promised in an agent's name: how long they alone get them, and whether also while away."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wait: Annotated[Seconds, Field(ge=0, le=30 * 86_400)] = 1800.0
    away: Literal["wait", "team"] = "wait"


class CallbacksSection(BaseModel):
    """`within`: by when, where a request names no time. `campaign`: keeps what no other campaign does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within: Within = 4 * 3600.0
    hours: str | None = None
    campaign: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")] | None = None
    personal: PersonalSection = PersonalSection()
    missed: MissedSection = MissedSection()


class FormSection(BaseModel):
    """`topic` left out: the form's name. `languages` empty: any. `origins` empty: whatever site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: Annotated[str, AfterValidator(_secret)] = Field(repr=False)
    topic: Word | None = None
    campaign: Word | None = None
    origins: tuple[Annotated[str, AfterValidator(origin)], ...] = ()
    within: Within = 4 * 3600.0
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...] = ()
    hours: str | None = None


Forms = Mapping[Word, FormSection]


def callback_problems(
    callbacks: CallbacksSection,
    forms: Forms,
    *,
    hours: Mapping[str, object],
    campaigns: tuple[str, ...],
) -> Iterator[str]:
    """What no single setting can tell is wrong: one sentence each, which begins with the setting."""
    wanted = {"callbacks.hours": callbacks.hours, "callbacks.missed.hours": callbacks.missed.hours}
    wanted |= {f"forms.{name}.hours": form.hours for name, form in forms.items()}
    for setting, name in wanted.items():
        if name is not None and name not in hours:
            hint = guess(name, hours) or "; add them to `hours`"
            yield f"{setting}: there are no hours {name!r}{hint}."
    if callbacks.missed.closed and callbacks.missed.hours is None:
        yield "callbacks.missed.closed: name the hours outside which it is in `callbacks.missed.hours`."
    for name, form in forms.items():
        if form.campaign is not None and form.campaign not in campaigns:
            hint = guess(form.campaign, campaigns) or "; add it to `campaigns`"
            yield f"forms.{name}.campaign: there is no campaign {form.campaign!r}{hint}."


def secret_of(form: FormSection, environment: Mapping[str, str] = os.environ) -> str:
    """Raises KeyError when the environment lacks it."""
    variable = VARIABLE.fullmatch(form.secret)
    return form.secret if variable is None else environment[variable[1]]


def missing_form_secrets(forms: Forms, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A sentence for each secret of a form that the environment lacks."""
    for name, form in forms.items():
        variable = VARIABLE.fullmatch(form.secret)
        if variable and len(environment.get(variable[1], "")) < SHORTEST_SECRET:
            yield (
                f"forms.{name}.secret wants the environment variable {variable[1]} with at least "
                f"{SHORTEST_SECRET} characters: set it where the hotline is started."
            )
