"""Audit: who did what, to whom, for what purpose; append only."""
