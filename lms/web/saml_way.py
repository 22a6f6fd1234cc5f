"""Our end of SAML at this site's address, and the way to a provider of it."""

from __future__ import annotations

from flask import url_for

from lms.people.providers import saml
from lms.people.providers.models import IdentityProvider
from lms.people.providers.saml import SamlSite
from lms.web.guards import settings
from lms.web.signing_in import absolute_url


def saml_site() -> SamlSite:
    """Our entity id, where answers come, and our key. Not inside of a transaction."""
    key = saml.saml_key(settings().secret_key)
    return SamlSite(absolute_url(url_for("saml.show_metadata")), absolute_url(url_for("saml.take_answer")), key)


def address_to_saml(provider: IdentityProvider, request_id: str) -> str:
    """Where the browser goes. Raises ProviderProblem."""
    metadata, entity_id = provider.metadata_text or "", provider.issuer
    return saml.request_address(saml_site(), metadata, entity_id, request_id)
