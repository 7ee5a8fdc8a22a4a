"""Short messages to phones: an outbox, who carries it, and the proof that somebody holds a number."""
