"""Visits: devices, and the visit log as staff see it; owns the DDL of visits."""
