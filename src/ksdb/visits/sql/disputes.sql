-- name: disputed_visit
-- One row about a visit: whose it is, whether an exit, how it was scanned, the point's name, and its flags; none when it is
-- gone. Index probes.
SELECT visit.resident_id, visit.is_exit, visit.marks, scan_point.name,
       array(SELECT flag.flag FROM visit_flag flag
             WHERE flag.point_id = visit.point_id AND flag.scanned_at = visit.scanned_at
               AND flag.device_id = visit.device_id AND flag.sequence = visit.sequence ORDER BY flag.flag)
FROM visit JOIN scan_point ON scan_point.id = visit.point_id
WHERE visit.point_id = %(point)s AND visit.scanned_at = %(at)s
  AND visit.device_id = %(device)s AND visit.sequence = %(sequence)s;

-- name: visits_around
-- One row per visit of a resident in [since, until), in order of time: point, its name, when, exit, and the rest of the key.
-- One index scan per day.
SELECT visit.point_id, scan_point.name, visit.scanned_at, visit.is_exit, visit.device_id, visit.sequence
FROM visit JOIN scan_point ON scan_point.id = visit.point_id
WHERE visit.resident_id = %(resident)s AND visit.scanned_at >= %(since)s AND visit.scanned_at < %(until)s
ORDER BY visit.scanned_at, visit.sequence, visit.device_id
