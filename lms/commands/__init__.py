"""The commands of `lms`, one file for each kind of person who calls them; `cli.py` loads a file when it is called."""
