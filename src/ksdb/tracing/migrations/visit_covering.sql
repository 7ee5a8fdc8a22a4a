-- What a trace asks of a visit stands in the two indexes it goes by, so that it reads no page of the log itself: at a point,
-- who came when; of a resident, the scans in the order in which they happened.
DROP INDEX visit_of_resident;
CREATE INDEX visit_of_resident ON visit (resident_id, scanned_at, sequence, device_id) INCLUDE (point_id, is_exit);
ALTER TABLE visit DROP CONSTRAINT visit_pkey;
ALTER TABLE visit ADD PRIMARY KEY (point_id, scanned_at, device_id, sequence) INCLUDE (resident_id, is_exit);
