"""Tests of importing people as long work."""
