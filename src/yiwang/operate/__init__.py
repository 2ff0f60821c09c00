"""What the people who run a home need: a check-up, a backup, a restore."""
