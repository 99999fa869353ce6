"""An import's options as JSON: in the database, and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from history.importing.options import Duplicates, Existing, ImportOptions, OtherColumns


def options_form(options: ImportOptions) -> dict[str, object]:
    return asdict(options)


def options_of(form: Mapping[str, Any]) -> ImportOptions:
    """Of what options_form gave."""
    return ImportOptions(
        **{
            **form,
            "columns": tuple((field, header) for field, header in form["columns"]),
            "tags": tuple(form["tags"]),
            "duplicates": Duplicates(form["duplicates"]),
            "existing": Existing(form["existing"]),
            "other_columns": OtherColumns(form["other_columns"]),
        }
    )
