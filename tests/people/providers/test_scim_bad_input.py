"""What no directory should send to SCIM is refused as SCIM says it, never as a fault of ours (faults 43, 44, 45)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from scim2_models import Error

from tests.people.providers.test_scim import PATCH, SCHEMAS, Directory, directory

__all__ = ["directory"]

UNREADABLE = ("a\0b", "a\ud800b", "\udfff")


@pytest.mark.parametrize("text", UNREADABLE)
@pytest.mark.parametrize("name", ["userName", "displayName", "externalId"])
def test_a_text_that_cannot_be_kept_is_refused(directory: Directory, name: str, text: str) -> None:
    added = directory.add()
    body = {"schemas": SCHEMAS, "userName": "bo@cedar.example", name: text}

    answers = [
        directory.call("POST", "/Users", body),
        directory.call("PUT", f"/Users/{added.id}", body),
        directory.patch(added.id, {"op": "replace", "path": name, "value": text}),
    ]

    assert [one.status_code for one in answers] == [400] * 3
    assert all(Error.model_validate(one.json).detail for one in answers)


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_a_filter_with_a_text_that_cannot_be_kept_is_refused(directory: Directory, text: str) -> None:
    answer = directory.call("GET", f'/Users?filter=userName eq "{text}"')

    assert answer.status_code == 400
    assert Error.model_validate(answer.json).scim_type == "invalidFilter"


@pytest.mark.parametrize(
    "text", ["(" * 5000, "not(" * 500, 'userName eq "a" and ' * 500 + "x", "userName eq " + "a" * 20_000]
)
def test_a_filter_without_end_is_refused(directory: Directory, text: str) -> None:
    assert directory.call("GET", f"/Users?filter={text}").status_code == 400


@pytest.mark.parametrize("text", ["--5", "-5", "1e3", "²", "", "9" * 30])
def test_a_number_that_is_none_counts_as_not_said(directory: Directory, text: str) -> None:
    answers = [directory.call("GET", f"/Users?{name}={text}") for name in ("startIndex", "count")]

    assert [one.status_code for one in answers] == [200, 200]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, "", "\\", "5", "null"])
def test_json_that_is_deep_broken_or_no_object_is_refused(directory: Directory, body: str) -> None:
    headers = {"Authorization": f"Bearer {directory.token}", "Content-Type": "application/scim+json"}

    answer = directory.client.post("/scim/v2/Users", data=body, headers=headers)

    assert answer.status_code == 400
    assert Error.model_validate(answer.json).status == 400


@pytest.mark.parametrize("said", ["0", "-1", "abc", "9" * 30, "²"])
def test_an_id_that_nobody_has_is_not_found(directory: Directory, said: str) -> None:
    assert directory.call("GET", f"/Users/{said}").status_code == 404


OPERATIONS: tuple[Any, ...] = (
    None,
    "x",
    [None],
    [{"op": 5}],
    [{"op": "boom", "path": "active", "value": False}],
    [{"op": "remove"}],
    [{"op": "replace", "path": "(" * 3000, "value": 1}],
    [{"op": "remove", "path": "userName"}],
    [{"op": "replace", "path": "active", "value": "x"}],
)


@pytest.mark.parametrize("operations", OPERATIONS, ids=lambda one: json.dumps(one)[:40])
def test_a_patch_that_means_nothing_is_refused_and_changes_nothing(directory: Directory, operations: Any) -> None:
    added = directory.add()

    answer = directory.call("PATCH", f"/Users/{added.id}", {"schemas": PATCH, "Operations": operations})

    assert answer.status_code == 400
    assert (directory.get(added.id).user_name, directory.get(added.id).active) == ("ana@cedar.example", True)
