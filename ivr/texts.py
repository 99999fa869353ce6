"""What a flow says: a text in each of its languages, with values in it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from wording.expressions import Expression, parse_expression
from wording.templates import Template, parse_template


def _template(value: Any) -> Template:
    if not isinstance(value, str):
        raise ValueError("a text is wanted here")
    if not value.strip():
        raise ValueError("this text is empty")
    return parse_template(value)


def _expression(value: Any) -> Expression:
    if not isinstance(value, str):
        raise ValueError('an expression is wanted here, such as order|first == "1"')
    return parse_expression(value)


TemplateText = Annotated[Template, PlainValidator(_template, json_schema_input_type=str)]
"""One text with values in it."""

Condition = Annotated[Expression, PlainValidator(_expression, json_schema_input_type=str)]
"""The `when` of a branch."""


def _some(value: Any) -> Any:
    if not value:
        raise ValueError("at least one is wanted here")
    return value


NotEmpty = AfterValidator(_some)
"""Refuses an empty table or list; pydantic's own check also complains of one whose items were refused."""


class Texts(dict[str, Template]):
    """language -> text; has all languages of the flow. A flow of one language may write the text alone."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A mark: ivr/reading/schema.py says what stands there."""
        return {"type": "texts"}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.chain_schema(
            [
                core_schema.with_info_plain_validator_function(_spread),
                handler.generate_schema(dict[str, TemplateText]),
                core_schema.no_info_plain_validator_function(cls),
            ]
        )


def languages_of(info: ValidationInfo) -> tuple[str, ...]:
    """The languages of the flow that is being read."""
    assert info.context is not None
    languages: tuple[str, ...] = info.context["languages"]
    return languages


def _spread(value: Any, info: ValidationInfo) -> dict[str, Any]:
    languages = languages_of(info)
    if isinstance(value, str) and len(languages) == 1:
        return {languages[0]: value}
    if not isinstance(value, dict):
        wanted = ", ".join(f"{language}: …" for language in languages)
        raise ValueError(f"a text in each language is wanted here: {{{wanted}}}")
    check_languages(value, languages)
    missing = [language for language in languages if language not in value]
    if missing:
        raise ValueError(f"the text lacks {', '.join(missing)}: add it")
    return value


def check_languages(value: dict[str, Any], languages: tuple[str, ...]) -> None:
    """Raises ValueError when a key is not one of the flow's languages."""
    strange = [language for language in value if language not in languages]
    if strange:
        known = ", ".join(languages)
        raise ValueError(f"{', '.join(strange)} is not among this flow's languages ({known})")
