"""Enrollments, progress, the reader and the home page."""
