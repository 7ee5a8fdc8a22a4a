-- Whether a visit counts is asked by its whole key, so that stands in the index of exits too: without it a trace read a page
-- of the log for each exit at a point.
DROP INDEX visit_exits;
CREATE INDEX visit_exits ON visit (point_id, scanned_at) INCLUDE (resident_id, sequence, device_id) WHERE is_exit;
