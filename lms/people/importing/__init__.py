"""Lists of people out of files: opened, their columns guessed, each row read and compared with who is there."""
