"""SCIM 2.0 for agencies' directories (RFC 7643, 7644): people, by a token of the agency; groups are not kept here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, g, request
from flask_babel import gettext as _
from pydantic import ValidationError
from scim2_models import (
    Context,
    EnterpriseUser,
    Error,
    Group,
    InvalidSyntaxException,
    ListResponse,
    NotImplementedException,
    PatchOp,
    ResourceType,
    Schema,
    SCIMException,
    ServiceProviderConfig,
    User,
)
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response

from lms.errors import LmsError
from lms.people.providers import provisioning, tokens
from lms.people.providers.provisioning import Person
from lms.people.providers.tokens import Directory
from lms.wall.sight import SYSTEM, looking_as
from lms.web.entries import read_json_object
from lms.web.guards import act, public, today
from lms.web.limits import by_address, limiter
from lms.web.scim_config import SERVICE
from lms.web.scim_messages import (
    TOLERANT,
    Whole,
    read_filter,
    reply,
    reply_error,
    reply_list,
    reply_user,
    to_entry,
    to_resource,
    user_type,
)
from lms.web.scim_quirks import tidy_patch, tidy_resource

blueprint = Blueprint("scim", __name__, url_prefix="/scim/v2")


class NoToken(SCIMException):
    """No token, or one that opens nothing."""

    status = 401
    _default_detail = "A bearer token of the agency is needed."


def refused(answer: Response) -> bool:
    return answer.status_code == 401


def by_token() -> str:
    """The agency's directory that asks, as it says; unknown ones count by their address."""
    found = directory_or_none()
    return f"scim:{found.token_id}" if found is not None else by_address()


def directory_or_none() -> Directory | None:
    if "directory" not in g:
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        g.directory = None
        if kind.lower() == "bearer" and token:
            with looking_as(SYSTEM):  # the token is who asks; each query narrows to its agency
                g.directory = tokens.find_directory(token.strip())
    found: Directory | None = g.directory
    return found


limits = limiter.shared_limit("60 per 5 minutes", scope="scim-refused", key_func=by_address, deduct_when=refused)
many = limiter.shared_limit("3000 per minute", scope="scim", key_func=by_token)


def known(view: Callable[..., Response]) -> Callable[..., Response]:
    """Only with a token, inside of the limits: who tries tokens is counted. Notes now and then that one is in use."""

    @wraps(view)
    def checked(**arguments: str) -> Response:
        asker = directory()
        if tokens.is_worth_noting(asker):
            act(lambda: tokens.note_used(asker.token_id))
        return view(**arguments)

    return checked


@blueprint.get("/ServiceProviderConfig")
@public
@limits
@known
def show_config() -> Response:
    """What this end can do."""
    config = ServiceProviderConfig.model_validate(SERVICE)
    return reply(config.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


@blueprint.get("/ResourceTypes")
@public
@limits
@known
def show_types() -> Response:
    """Users, and nothing else."""
    return reply_list([user_type()], ListResponse[ResourceType], 1, 1)


@blueprint.get("/ResourceTypes/User")
@public
@limits
@known
def show_type() -> Response:
    """What a user is here."""
    return reply(user_type().model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


@blueprint.get("/Schemas")
@public
@limits
@known
def show_schemas() -> Response:
    """The schemas of users, as RFC 7643 has them."""
    return reply_list([User.to_schema(), EnterpriseUser.to_schema()], ListResponse[Schema], 2, 1)


@blueprint.get("/Schemas/<schema_id>")
@public
@limits
@known
def show_schema(schema_id: str) -> Response:
    """One of them."""
    found = {str(one.id): one for one in (User.to_schema(), EnterpriseUser.to_schema())}.get(schema_id)
    if found is None:
        return reply_error(Error(status=404, detail="There is no such schema."))
    return reply(found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


@blueprint.get("/Users")
@public
@limits
@many
@known
def list_users() -> Response:
    """The people whom this directory added, or who have a place below its agency; paged, filtered by one equality."""
    start, count = number("startIndex", 1), number("count", provisioning.MOST_LISTED)
    where = read_filter(request.args.get("filter"))
    with looking_as(SYSTEM):
        total, people = provisioning.list_people(directory(), day=today(), where=where, start=start, count=count)
    return reply_list([to_resource(one) for one in people], ListResponse[Whole], total, max(1, start))


@blueprint.get("/Users/<user_id>")
@public
@limits
@many
@known
def show_user(user_id: str) -> Response:
    """One person."""
    with looking_as(SYSTEM):
        return reply_user(provisioning.get_person(directory(), number_of(user_id), today()))


@blueprint.post("/Users")
@public
@limits
@many
@known
def add_user() -> Response:
    """Add somebody, with a place at the agency."""
    entry, asker, day = to_entry(read_user(Context.RESOURCE_CREATION_REQUEST)), directory(), today()
    person = act(lambda: provisioning.add_person(asker, entry, day=day))
    return reply_user(person, 201)


@blueprint.put("/Users/<user_id>")
@public
@limits
@many
@known
def replace_user(user_id: str) -> Response:
    """Say everything of somebody anew. Without `active` they stay as they are."""
    said, number, asker, day = read_user(Context.RESOURCE_REPLACEMENT_REQUEST), number_of(user_id), directory(), today()

    def step() -> Person:
        before = provisioning.hold_person(asker, number, day)
        return provisioning.change_person(asker, number, to_entry(said, is_active=before.entry.is_active), day=day)

    return reply_user(act(step))


@blueprint.patch("/Users/<user_id>")
@public
@limits
@many
@known
def patch_user(user_id: str) -> Response:
    """Change some of it; above all `active`. The rest is read in the same transaction: of two changes at once neither
    undoes the other."""
    number, asker, day = number_of(user_id), directory(), today()
    with TOLERANT:
        patch = PatchOp[Whole].model_validate(tidy_patch(read_json_object()), scim_ctx=Context.RESOURCE_PATCH_REQUEST)

    def step() -> Person:
        patched = to_resource(provisioning.hold_person(asker, number, day))
        with TOLERANT:
            patch.patch(patched)
        return provisioning.change_person(asker, number, to_entry(patched), day=day)

    return reply_user(act(step))


@blueprint.delete("/Users/<user_id>")
@public
@limits
@many
@known
def delete_user(user_id: str) -> Response:
    """End the place at the agency; the training record stays."""
    number, asker, day = number_of(user_id), directory(), today()
    act(lambda: provisioning.delete_person(asker, number, day=day))
    return Response(status=204)


@blueprint.get("/Groups")
@public
@limits
@known
def list_groups() -> Response:
    """None: groups are not kept here. Okta asks for them before it provisions anybody, and stops at any error."""
    return reply_list([], ListResponse[Group], 0, 1)


@blueprint.post("/Groups")
@public
@limits
@known
def refuse_group() -> Response:
    """Said plainly: groups are not kept here."""
    raise NotImplementedException(detail="Groups are not kept here. Provision users only.")


@blueprint.route("/Groups/<group_id>", methods=["GET", "PUT", "PATCH", "DELETE"])
@public
@limits
@known
def miss_group(group_id: str) -> Response:
    """There is no such group."""
    return reply_error(Error(status=404, detail="There is no such group: groups are not kept here."))


def directory() -> Directory:
    found = directory_or_none()
    if found is None:
        raise NoToken
    return found


def read_user(context: Context) -> Any:
    """The user of the body, as the model knows it. Raises ValidationError, BadRequest."""
    return Whole.model_validate(tidy_resource(read_json_object()), scim_ctx=context, scim_policy=TOLERANT)


def number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 10 else default


def number_of(user_id: str) -> int:
    return int(user_id) if user_id.isascii() and user_id.isdecimal() and len(user_id) < 19 else 0


def _say(problem: LmsError) -> Error:
    status = {404: 404, 409: 409}.get(problem.status, 400)
    kind = {409: "uniqueness", 400: "invalidValue"}.get(status)
    return Error(status=status, scim_type=kind, detail=_(problem.message, **problem.values))


ANSWERS: tuple[tuple[type[Exception], Callable[[Any], Error]], ...] = (
    (SCIMException, lambda error: error.to_error()),
    (ValidationError, lambda error: Error.from_validation_error(error.errors()[0])),
    (LmsError, _say),
    (BadRequest, lambda error: InvalidSyntaxException(detail=error.description).to_error()),
    (HTTPException, lambda error: Error(status=error.code, detail=error.description)),
)
for kind, say in ANSWERS:
    blueprint.register_error_handler(kind, lambda error, say=say: reply_error(say(error)))
