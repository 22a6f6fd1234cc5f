"""Attempts: drawing, saving, marking, submitting, results."""
