"""Places that want to scan: their owners register them, the ward decides."""
