"""The JSON Schema of flow files (draft 2020-12), for editors. Made from the same models that read the files.

It knows words, shapes and ranges. What hangs together across steps (where they lead, what is set, what sounds
alike) only the loader tells. Scalars of YAML are read as text by the loader, so numbers and truths may stand
wherever a text does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from ivr.reading.part import ALWAYS_KEYS, USE_KEYS
from ivr.reading.taken import VARIABLE_NAME
from ivr.sentences import LANGUAGES
from ivr.steps.body import StepBody
from ivr.steps.subflow import Subflow
from ivr.steps.verbs import VERBS

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "number", "boolean"]}
TEXTS: Schema = {
    "anyOf": [
        TEXT,
        {
            "type": "object",
            "propertyNames": {"enum": sorted(LANGUAGES)},
            "additionalProperties": TEXT,
            "minProperties": 1,
        },
    ]
}
TRUTH: Schema = {"enum": [True, False, "true", "false", "yes", "no", "on", "off", "True", "False"]}
STEP_NAME: Schema = {"type": ["string", "number", "boolean"], "description": "The next step."}

# What is written under the verb itself, without the name of this field.
ALONE = {"set": "values", "branch": "cases", "return": "name", "hangup": "reason", "hours": "hours"}


class _Shape(GenerateJsonSchema):
    """What has no schema of its own may be anything, and is judged by the loader."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Schema:
        return {}


def flow_schema() -> Schema:
    """The whole schema."""
    _, made = models_json_schema(
        [(body, "validation") for body in VERBS.values()],
        schema_generator=_Shape,
        ref_template="#/$defs/{model}",
    )
    definitions: dict[str, Schema] = made["$defs"]
    models = {model.__name__: model for body in VERBS.values() for model in _models(body)}
    for name, model in models.items():
        if name in definitions:
            definitions[name] = _with_short_form(model, _as_written(definitions[name]))
    for name in list(definitions):
        if name not in models:
            del definitions[name]  # of parsed texts, which stand as text
    for verb, field in ALONE.items():
        name = VERBS[verb].__name__
        (full, *_) = definitions[name].get("anyOf", [definitions[name]])
        definitions[name] = {**full["properties"][field], "description": full.get("description", "")}
    definitions["texts"] = TEXTS
    definitions["step"] = _step()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A call flow",
        "type": "object",
        "properties": {
            "flow": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "description": "The file's name."},
            "languages": {
                "type": "array",
                "items": {"enum": sorted(LANGUAGES)},
                "minItems": 1,
                "uniqueItems": True,
            },
            "takes": {
                "type": "array",
                "items": {"type": "string", "pattern": f"^{VARIABLE_NAME.pattern}$"},
                "uniqueItems": True,
                "description": "What whoever places a call with this flow must give.",
            },
            "use": _table(USE_KEYS, {"type": "array", "items": {"type": "string"}, "minItems": 1}),
            "always": _table(ALWAYS_KEYS, STEP_NAME),
            "start": STEP_NAME,
            "steps": {
                "type": "object",
                "propertyNames": {"pattern": r"^[^\s/]{1,60}$"},
                "additionalProperties": {"$ref": "#/$defs/step"},
                "minProperties": 1,
            },
            "tests": {"type": "array", "items": _test()},
        },
        "required": ["flow", "languages", "start", "steps"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _step() -> Schema:
    """One verb with its outcomes. Told verb by verb, so that an editor names the one that is meant."""
    outcomes = {word for body in VERBS.values() for word in (*body.required, *body.optional)}
    properties: dict[str, Schema] = dict.fromkeys(sorted(outcomes), STEP_NAME)
    properties |= {
        verb: {"description": _first_paragraph(body)}
        for verb, body in VERBS.items()
        if verb not in properties
    }
    rules = []
    for verb, body in VERBS.items():
        others = [other for other in VERBS if other != verb]
        if verb == Subflow.verb:
            then: Schema = {"additionalProperties": STEP_NAME}
        else:
            then = {
                "required": list(body.required),
                "additionalProperties": False,
                "not": {"anyOf": [{"required": [other]} for other in others if other not in outcomes]},
            }
        then["properties"] = {
            **dict.fromkeys((*body.required, *body.optional), STEP_NAME),
            verb: {"$ref": f"#/$defs/{body.__name__}"},
        }
        rules.append({"if": {"required": [verb]}, "then": then})
    return {
        "type": "object",
        "properties": properties,
        "anyOf": [{"required": [verb]} for verb in VERBS],
        "allOf": rules,
    }


def _with_short_form(model: type[BaseModel], schema: Schema) -> Schema:
    """A model that reads a value alone, such as `transfer: "200"`, may be written so."""
    validators = model.__pydantic_decorators__.model_validators.values()
    if not any(validator.info.mode == "before" for validator in validators):
        return schema
    short = TEXTS if model.__name__ == "Say" else TEXT
    return {"anyOf": [schema, short], "description": schema.get("description", "")}


def _as_written(schema: Any) -> Any:
    """Numbers and truths may be quoted, texts may look like numbers, and one item may stand for a list."""
    if isinstance(schema, list):
        return [_as_written(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value if key in ("enum", "required", "default") else _as_written(value)
        for key, value in schema.items()
        if key not in ("title", "default", "ge", "le", "format")
    }
    match kept.get("type"):
        case "texts":
            return {"$ref": "#/$defs/texts"}
        case "integer" | "number" as kind:
            quoted = r"^-?[0-9]+$" if kind == "integer" else r"^-?[0-9]+(\.[0-9]+)?$"
            return {"anyOf": [kept, {"type": "string", "pattern": quoted}]}
        case "boolean":
            return TRUTH
        case "string" if "enum" not in kept and re.search(kept.get("pattern", ""), "1"):
            return {**kept, "type": TEXT["type"]}
        case "array" if "items" in kept:
            return {"anyOf": [kept, kept["items"]]}
        case "object" if "patternProperties" in kept:
            kept["additionalProperties"] = False
    return kept


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and all that stand in it."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [model]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel):
            if found not in seen:
                seen.add(found)
                yield found
                waiting += [field.annotation for field in found.model_fields.values()]
        else:
            waiting += getattr(found, "__args__", ())


def _first_paragraph(body: type[StepBody]) -> str:
    return (body.__doc__ or "").partition("\n\n")[0]


def _table(keys: tuple[str, ...], value: Schema) -> Schema:
    return {"type": "object", "properties": dict.fromkeys(keys, value), "additionalProperties": False}


def _test() -> Schema:
    """Its words only; the acts are described with the tests."""
    return {
        "type": "object",
        "properties": {
            "test": TEXT,
            "given": {"type": "object"},
            "caller": {"type": "array", "items": {"type": ["object", "string"]}},
        },
        "required": ["test", "caller"],
        "additionalProperties": False,
    }
