"""People and the agencies they belong to: accounts, sign-ins, rosters, roles, and who did what to whom."""
