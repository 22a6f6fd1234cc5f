"""Benchmarks: this site against a floor app, measured in the same run (`make bench`)."""
