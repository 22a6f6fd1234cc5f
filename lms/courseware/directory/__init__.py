"""The resource directory: telephone lines and organizations out of two files, checked; by need and county. Pure."""
