"""A course on paper: its text and its questions as one PDF for a room without internet, and the key to it apart."""
