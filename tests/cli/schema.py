"""The part of JSON Schema (2020-12) that docs/report.schema.json uses."""
import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}
KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "required", "properties",
         "additionalProperties", "items", "minItems", "maxItems", "enum", "const", "pattern",
         "minimum"}


def is_type(value, name):
    if name in ("number", "integer"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer"
                                                          else (int, float))
    return isinstance(value, TYPES[name])


def problems(value, schema, root=None, at="$"):
    """Every place where value breaks the schema, as text."""
    root = root or schema
    unknown = set(schema) - KNOWN
    assert not unknown, f"{at}: this checker does not know {unknown}"
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        return problems(value, target, root, at)
    found = []
    if "type" in schema and not is_type(value, schema["type"]):
        return [f"{at}: {value!r:.60} is not of type {schema['type']}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r:.60} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r:.60} is none of {schema['enum']}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{at}: {value} is under {schema['minimum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r:.60} does not match {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}: {k} is missing" for k in schema.get("required", []) if k not in value]
        for k, v in value.items():
            if k in known:
                found += problems(v, known[k], root, f"{at}.{k}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{at}: {k} is not in the schema")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at}: {len(value)} items")
        for i, v in enumerate(value):
            found += problems(v, schema.get("items", {}), root, f"{at}[{i}]")
    return found
