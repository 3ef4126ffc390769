"""What a JSON file of a package must hold, and what is wrong with one that does not.

A schema is {key: schema}, {str: schema} for keys of any name, [schema] for a list, or a type.
"""

from collections.abc import Iterator
from typing import Any

NUMBER = (int, float)

_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


def problems(value: Any, schema: Any, name: str, key: str = "") -> Iterator[str]:
    """What is wrong with a value, one sentence each.

    name: what the whole value is, such as "the card"; key: the place of the value in it
    """
    shown = f"key '{key}'" if key else name
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            yield f"{shown} is {_kind(value)}, not an object"
        elif str in schema:
            for item_key, item in value.items():
                yield from problems(item, schema[str], name, _joined(key, item_key))
        else:
            for item_key, item in schema.items():
                if item_key not in value:
                    yield f"key '{_joined(key, item_key)}' is missing"
                else:
                    yield from problems(value[item_key], item, name, _joined(key, item_key))
    elif isinstance(schema, list):
        if not isinstance(value, list):
            yield f"{shown} is {_kind(value)}, not a list"
        else:
            for i, item in enumerate(value):
                yield from problems(item, schema[0], name, _joined(key, i))
    elif not isinstance(value, schema) or (isinstance(value, bool) and schema is not bool):
        types = schema if isinstance(schema, tuple) else (schema,)
        yield f"{shown} is {_kind(value)}, not {_NAMES[types[-1]]}"


def _kind(value: Any) -> str:
    return _NAMES[type(value)]


def _joined(key: str, name: object) -> str:
    return f"{key}.{name}" if key else str(name)
