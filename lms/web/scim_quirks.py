"""What well-known directories say differently from RFC 7644, put in order before it is read; pure.

Microsoft Entra ID: truth values as the texts "True" and "False", operations in capitals, values in a list of one.
Okta: a replace without a path, whose value is an object.
"""

from __future__ import annotations

from typing import Any

TRUTH = frozenset({"active", "primary"})
WORDS = {"true": True, "false": False}
SINGLE = frozenset({"active", "username", "displayname", "externalid", "name.givenname", "name.familyname", "title"})
"""Paths of attributes with one value."""


def tidy_resource(body: Any) -> Any:
    """A resource, or a part of one, with real truth values."""
    if isinstance(body, list):
        return [tidy_resource(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {key: _truth(value) if key.lower() in TRUTH else tidy_resource(value) for key, value in body.items()}


def tidy_patch(body: dict[str, Any]) -> dict[str, Any]:
    """A patch whose operations a strict reader takes."""
    name = next((key for key in body if key.lower() == "operations"), None)
    if name is None or not isinstance(body[name], list):
        return body
    return {
        **{key: value for key, value in body.items() if key != name},
        "Operations": [_tidy(one) for one in body[name]],
    }


def _tidy(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    tidied = {key.lower(): value for key, value in operation.items()}
    path, value = tidied.get("path"), tidied.get("value")
    if path is None or path == "":
        tidied.pop("path", None)
        tidied["value"] = tidy_resource(value)
        return tidied
    name = str(path).lower().rpartition(":")[2]
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and name in SINGLE:
        value = value[0].get("value")
    is_truth = name in TRUTH or name.rpartition(".")[2] in TRUTH
    tidied["value"] = _truth(value) if is_truth else tidy_resource(value)
    if "value" not in operation and "Value" not in operation:
        tidied.pop("value")
    return tidied


def _truth(value: Any) -> Any:
    return WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value
