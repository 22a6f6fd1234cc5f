"""What this end of SCIM can do, as RFC 7643, section 5 has it said."""

from __future__ import annotations

from typing import Any

from lms.people.providers.provisioning import MOST_LISTED

SERVICE: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MOST_LISTED},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token that an administrator of the agency makes on its sign-in page.",
            "primary": True,
        }
    ],
}
