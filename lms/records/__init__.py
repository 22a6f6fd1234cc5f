"""The court-ready record: all that is known of one person's training between two days, in one file."""
