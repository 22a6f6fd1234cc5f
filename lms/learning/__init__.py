"""Learning: who is enrolled in what, which modules are read and completed, and what comes next."""
