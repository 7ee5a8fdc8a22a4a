"""Tracing: cases, traces, contacts."""
