"""Certification: immutable awards, their PDF, verification, expiry and transcript."""
