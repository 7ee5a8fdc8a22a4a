-- Exits at a point, few beside the entries: a trace finds by them who had come long before the case and was still there.
CREATE INDEX visit_exits ON visit (point_id, scanned_at) INCLUDE (resident_id) WHERE is_exit;
