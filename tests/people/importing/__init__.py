"""Tests of reading and matching lists of people."""
