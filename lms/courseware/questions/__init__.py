"""The question types, one file each."""
