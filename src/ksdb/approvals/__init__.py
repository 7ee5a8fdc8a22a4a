"""Approvals: acts that need two persons: asked for, decided by another person of another unit, carried out."""
