"""Open Badges 3.0: a certificate as a signed credential that any verifier can check without asking us who it is."""
