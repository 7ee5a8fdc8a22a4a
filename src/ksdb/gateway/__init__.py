"""The gateway: the door for devices. Knows no Django and no room; keeps in memory what it must know."""
