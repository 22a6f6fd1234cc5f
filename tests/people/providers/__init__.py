"""Tests of agencies' own identity providers."""
