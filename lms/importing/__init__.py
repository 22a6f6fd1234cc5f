"""Importing people: a file is matched, checked, applied and, for some days, undone; each as long work."""
