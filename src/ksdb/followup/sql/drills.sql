-- name: plant_visits
-- The scans of a drill: arrivals and exits of invented people at the drill's own point, from no device.
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)
SELECT %(point)s, scanned_at, 0, number, 0, resident_id, %(accepted)s, is_exit
FROM unnest(%(at)s::timestamptz[], %(residents)s::integer[], %(exits)s::boolean[])
     WITH ORDINALITY AS scan (scanned_at, resident_id, is_exit, number);

-- name: drill_partitions
-- Makes the days of the log from one day to another where they are missing.
SELECT ensure_partitions(%(first_on)s, %(last_on)s);

-- name: pull_visits
-- Removes the scans of a drill, all of which are at its own point.
DELETE FROM visit WHERE point_id = %(point)s AND device_id = 0
