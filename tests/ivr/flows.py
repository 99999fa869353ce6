"""Small flows for tests."""

from __future__ import annotations

from ivr.flow import Flow
from ivr.reading.loader import load_flow

HEAD = "flow: small\nlanguages: [en]\nalways: {agent: person, trouble: sorry}\nstart: first\nsteps:\n"
TAIL = """
  person: {transfer: "200", next: bye, busy: bye, no_answer: bye, refused: bye, failed: bye}
  sorry: {say: "Something went wrong.", next: bye}
  bye: {hangup: normal}
"""


def small(steps: str, head: str = HEAD) -> str:
    """A flow of one language with `steps` (indented by two), a person, trouble and an end."""
    return head + steps.strip("\n") + TAIL


def load(steps: str, head: str = HEAD) -> Flow:
    return load_flow(small(steps, head), "small.yaml")
