"""What residents are told: in plain words, by message and push, each told once and written down."""
