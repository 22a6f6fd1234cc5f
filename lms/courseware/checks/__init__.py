"""What the checker looks for, one file per family of findings."""
