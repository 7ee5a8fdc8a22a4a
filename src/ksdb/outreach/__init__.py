"""Outreach: the work at the doors. Who has no active card and why, household by household, and the card handed over."""
