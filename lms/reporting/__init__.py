"""Reporting: measures for screen, file and API out of one query layer."""
