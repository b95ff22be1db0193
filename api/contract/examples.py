"""An example of a value, made from its JSON schema."""

from collections.abc import Mapping
from typing import Any

from api.contract.words import WORDS

_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}
_MOMENT = "2026-11-22T10:00:00Z"
_DEEPEST = 12
"""A schema that contains itself ends here."""


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        """`schemas`: `components.schemas`, which `$ref` points into."""
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """A value that the schema takes: its own example, the word for a field of that name, or one made of its parts."""
        if "examples" in schema:
            return schema["examples"][0]
        if "example" in schema:
            return schema["example"]
        if name in WORDS and self._fits(WORDS[name], schema):
            return WORDS[name]
        if "$ref" in schema:
            return self.of(self._named(schema), "", depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.of(_first_real(schema[key]), name, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._plain(schema, name, depth)

    def _plain(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        match schema.get("type"):
            case "object":
                return {field: self.of(part, field, depth + 1) for field, part in schema.get("properties", {}).items()}
            case "array":
                return [] if depth > _DEEPEST else [self.of(schema.get("items", {}), name, depth + 1)]
            case "string" if schema.get("format") == "date-time":
                return _MOMENT
            case "integer" | "number":
                return schema.get("default", max(schema.get("minimum", 0), schema.get("exclusiveMinimum", 0)))
            case "boolean":
                return schema.get("default", False)
            case "null":
                return None
        return schema.get("default", name)

    def _fits(self, value: Any, schema: Mapping[str, Any]) -> bool:
        if "$ref" in schema:
            return self._fits(value, self._named(schema))
        if "enum" in schema or "const" in schema:
            return value in schema.get("enum", [schema.get("const")])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return any(self._fits(value, part) for part in schema[key])
        if isinstance(value, dict) and "properties" in schema:
            return set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
        if schema.get("format") == "date-time" or (isinstance(value, bool) and schema.get("type") != "boolean"):
            return False
        return isinstance(value, _KINDS.get(schema.get("type", ""), ()))

    def _named(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return found


def _first_real(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return next((choice for choice in choices if choice.get("type") != "null"), choices[0])
