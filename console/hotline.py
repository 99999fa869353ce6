"""What the pages say of the hotline itself: facts that change only when flows are reloaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlowFact:
    """A call flow in service: the number that reaches it, its version and its file's name."""

    number: str
    name: str
    version: str
    file: str


@dataclass(frozen=True, slots=True)
class HotlineFacts:
    """`number` is what the page's button dials; `sip_address` what a phone dials.

    `languages` are spoken, the first one first; `understood` are those whose speech is recognised.
    `program` is the command line's name as a person here must type it.
    """

    name: str
    number: str
    sip_address: str
    languages: tuple[str, ...]
    flows: tuple[FlowFact, ...] = ()
    understood: tuple[str, ...] = ()
    program: str = "infolinia"
