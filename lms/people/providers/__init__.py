"""Agencies' own identity providers: OpenID Connect, SAML, domains that an agency has proven, provisioning."""
