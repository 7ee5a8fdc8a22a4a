"""Wallet: the pages of the resident. Nothing here yet."""
