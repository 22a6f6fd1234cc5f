"""SCIM's messages: what a directory sends as what we keep, people as SCIM says them, and answers."""

from __future__ import annotations

import json
from typing import Any

from flask import url_for
from scim2_models import (
    Context,
    Email,
    EnterpriseUser,
    Error,
    InvalidFilterException,
    Meta,
    Name,
    ResourceType,
    ScimFilter,
    ScimPolicy,
    User,
)
from scim2_models.path.expressions import Comparison
from werkzeug.wrappers import Response

from lms.people.names import is_readable
from lms.people.providers.provisioning import Entry, Person
from lms.web.signing_in import absolute_url

TYPE = "application/scim+json"
TOLERANT = ScimPolicy(unknown=ScimPolicy.Unknown.ignore, unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create)
Whole = User[EnterpriseUser]
FILTERS = {"username": "user_name", "externalid": "external_id", "emails.value": "email", "emails": "email"}


def to_entry(user: Any, *, is_active: bool = True) -> Entry:
    """What we keep of it."""
    name = user.name
    whole = (name.formatted or " ".join(filter(None, (name.given_name, name.family_name)))) if name else ""
    emails = user.emails or []
    first = next((one for one in emails if one.primary), emails[0] if emails else None)
    return Entry(
        user_name=user.user_name or "",
        name=user.display_name or whole,
        email=str(first.value) if first is not None and first.value else None,
        external_id=user.external_id,
        is_active=is_active if user.active is None else user.active,
    )


def to_resource(person: Person) -> Any:
    """A person as SCIM says it. What the directory did not make is shown, too: it is their agency's person."""
    entry, row = person.entry, person.row
    return Whole(
        id=str(person.id),
        external_id=entry.external_id,
        user_name=entry.user_name,
        display_name=entry.name,
        name=Name(formatted=entry.name),
        active=entry.is_active,
        emails=[Email(value=entry.email, type=Email.Type.work, primary=True)] if entry.email else None,
        meta=Meta(
            resource_type="User",
            created=row.created_at if row else None,
            last_modified=row.changed_at if row else None,
            location=address_of(person.id),
        ),
    )


def address_of(user_id: int) -> str:
    return absolute_url(url_for("scim.show_user", user_id=str(user_id)))


def user_type() -> ResourceType:
    return ResourceType.from_resource(Whole)


def read_filter(text: str | None) -> dict[str, str]:
    """One equality of userName, externalId or emails.value. Raises InvalidFilterException for everything else."""
    if not text:
        return {}
    parsed = ScimFilter[Whole](text).ast
    if isinstance(parsed, Comparison) and str(parsed.op).lower().endswith("eq") and isinstance(parsed.value, str):
        name = FILTERS.get(str(parsed.attr_path).lower().removeprefix(f"{str(User.__schema__).lower()}:"))
        if name is not None and is_readable(parsed.value):
            return {name: parsed.value}
    raise InvalidFilterException(detail="Only “eq” of userName, externalId or emails.value is answered.")


def reply(body: dict[str, Any], status: int = 200) -> Response:
    answer = Response(json.dumps(body), status=status, mimetype=TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def reply_user(person: Person, status: int = 200) -> Response:
    context = Context.RESOURCE_CREATION_RESPONSE if status == 201 else Context.RESOURCE_QUERY_RESPONSE
    answer = reply(to_resource(person).model_dump(scim_ctx=context), status)
    answer.headers["Location"] = address_of(person.id)
    return answer


def reply_list(found: list[Any], kind: Any, total: int, start: int) -> Response:
    listed = kind(total_results=total, start_index=start, items_per_page=len(found), resources=found)
    return reply(listed.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def reply_error(error: Error) -> Response:
    answer = reply(error.model_dump(), error.status or 400)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
