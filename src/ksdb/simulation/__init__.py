"""A synthetic province: people, households, scan points and visits that look real and belong to nobody."""
