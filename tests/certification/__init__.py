"""Certificates: codes, awards, standing, documents, pages."""
