"""Opaque values: what a browser sees of options is a keyed hash per attempt; positions would be the answer key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

TOKEN_BYTES = 9
"""72 bits: two options of one attempt never meet by chance."""


def item_tokens(secret: str, question_id: str, item_ids: Sequence[str]) -> Mapping[str, str]:
    """Item id → the value that the browser sees in the attempt with this secret."""
    return {item: _keyed(secret, f"item\0{question_id}\0{item}") for item in item_ids}


def response_mark(secret: str, question_id: str, response: Any) -> str:
    """A short mark of a response. A form carries it back, so that the server can tell whether a question was touched
    on that page or only shown there: an untouched one never overwrites what another tab or device saved since."""
    text = json.dumps(response, sort_keys=True, ensure_ascii=True)
    return _keyed(secret, f"mark\0{question_id}\0{text}")


def _keyed(secret: str, text: str) -> str:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), key=secret.encode()[:64], digest_size=TOKEN_BYTES).digest()
    return urlsafe_b64encode(digest).decode("ascii")
