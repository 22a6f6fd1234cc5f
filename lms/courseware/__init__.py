"""The course language: Markdown files in, a checked and immutable course out. Pure: no database, no Flask."""
