-- name: presence_state
-- One row: which database this is, the first transaction that may still store something, the first to come, when this
-- snapshot was taken in milliseconds, the number of the last change of a usual stay, and whether the log is spread over
-- several servers; the days of the visit log as arrays: 20261123, its table, its first instant in milliseconds; and the
-- days of which visits count no more, or were moved to another time, as arrays: 20261123, and a hash of which. An index
-- scan of the accepted disputes, and all retimings, which are few.
WITH day AS (
    SELECT right(child.relname, 8)::int AS number, child.oid::bigint AS table_id,
           (extract(epoch FROM to_date(right(child.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')
            * 1000)::bigint AS base
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = 'visit'::regclass AND child.relkind = 'r'
), otherwise AS (
    SELECT to_char(scanned_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYYMMDD')::int AS number,
           concat_ws(' ', point_id, extract(epoch FROM scanned_at), device_id, sequence) AS what
    FROM visit_dispute
    WHERE state = 'accepted'
    UNION ALL
    SELECT to_char(moved_from, 'YYYYMMDD')::int, concat_ws(' ', 'retimed', id)
    FROM visit_retiming CROSS JOIN LATERAL generate_series(
        date_trunc('day', since AT TIME ZONE 'Asia/Ho_Chi_Minh'), until AT TIME ZONE 'Asia/Ho_Chi_Minh', interval '1 day'
    ) AS moved_from
), told AS (
    SELECT number, md5(string_agg(what, ',' ORDER BY what)) AS hash FROM otherwise GROUP BY number
)
SELECT (SELECT system_identifier FROM pg_control_system()) || '.' || (SELECT oid FROM pg_database
            WHERE datname = current_database()) || '.' || 'visit'::regclass::oid,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
       (extract(epoch FROM transaction_timestamp()) * 1000)::bigint,
       (SELECT number FROM scan_point_change),
       EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'),
       (SELECT array_agg(number ORDER BY number) FROM day),
       (SELECT array_agg(table_id ORDER BY number) FROM day),
       (SELECT array_agg(base ORDER BY number) FROM day),
       (SELECT array_agg(number ORDER BY number) FROM told),
       (SELECT array_agg(hash ORDER BY number) FROM told);

-- name: presence_usual
-- One row: the number of the last change of a usual stay, and the usual stay by point as two arrays. Reads all scan points.
SELECT (SELECT number FROM scan_point_change), array_agg(id), array_agg(usual_stay_minutes) FROM scan_point;

-- name: presence_arrivals
-- The counted visits of known residents that transactions in [first, until) stored, as binary COPY. Goes by the block
-- index of arrivals. A row tells the lowest 32 bits of its transaction's number, which is told from others by age.
COPY (
    SELECT resident_id, scanned_at, point_id, is_exit, sequence, device_id
    FROM visit
    WHERE received_at >= %(floor)s::timestamptz AND resident_id IS NOT NULL
      AND age(xmin) <= (SELECT age(greatest(%(first)s::bigint & 4294967295, 3)::text::xid))
      AND age(xmin) > (SELECT age(greatest(%(until)s::bigint & 4294967295, 3)::text::xid))
      AND NOT EXISTS (
        SELECT FROM visit_dispute dispute
        WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id
          AND dispute.scanned_at = visit.scanned_at AND dispute.device_id = visit.device_id
          AND dispute.sequence = visit.sequence
      )
) TO STDOUT (FORMAT binary);

-- name: presence_newest
-- One row: the first %(most)s visits that presence_arrivals would give, of all later transactions, in one packed value (resident 4
-- bytes, scanned_at 8, point 4, exit 1, sequence 8, device 4), null if there are none. Goes by the block index of arrivals.
SELECT string_agg(int4send(resident_id) || timestamptz_send(scanned_at) || int4send(point_id) || boolsend(is_exit)
                  || int8send(sequence) || int4send(device_id), '')
FROM (
    SELECT resident_id, scanned_at, point_id, is_exit, sequence, device_id
    FROM visit
    -- A span, so that a plan for any floor expects few rows.
    WHERE received_at >= %(floor)s::timestamptz AND received_at < %(ever)s::timestamptz AND resident_id IS NOT NULL
      AND age(xmin) <= (SELECT age(greatest(%(first)s::bigint & 4294967295, 3)::text::xid))
      AND NOT EXISTS (
        SELECT FROM visit_dispute dispute
        WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id
          AND dispute.scanned_at = visit.scanned_at AND dispute.device_id = visit.device_id
          AND dispute.sequence = visit.sequence
      )
    LIMIT %(most)s::bigint
) AS newest;

-- name: presence_has_matched
-- Whether any visit that arrived with another system's code was given its resident since. An index scan per day.
SELECT EXISTS (SELECT FROM foreign_scan WHERE matched_at >= %(floor)s::timestamptz AND matched_at < %(ever)s::timestamptz);

-- name: presence_matched
-- As presence_arrivals, those that arrived before and were given their resident by such a transaction. Goes by the index of
-- matches.
COPY (
    SELECT resident_id, scanned_at, point_id, visit.is_exit, sequence, device_id
    FROM foreign_scan JOIN visit USING (point_id, scanned_at, device_id, sequence)
    WHERE foreign_scan.matched_at >= %(floor)s::timestamptz AND visit.received_at < %(floor)s::timestamptz
      AND visit.resident_id IS NOT NULL
      AND age(visit.xmin) <= (SELECT age(greatest(%(first)s::bigint & 4294967295, 3)::text::xid))
      AND (%(until)s::bigint IS NULL OR age(visit.xmin) > (SELECT age(greatest(%(until)s::bigint & 4294967295, 3)::text::xid)))
      AND NOT EXISTS (
        SELECT FROM visit_dispute dispute
        WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id
          AND dispute.scanned_at = visit.scanned_at AND dispute.device_id = visit.device_id
          AND dispute.sequence = visit.sequence
      )
) TO STDOUT (FORMAT binary);

-- name: presence_day
-- The counted visits of known residents of one day, [since, before), that transactions before `until` stored, as binary COPY.
-- Reads the day from end to end; see presence_arrivals.
COPY (
    SELECT resident_id, scanned_at, point_id, is_exit, sequence, device_id
    FROM visit
    WHERE scanned_at >= %(since)s::timestamptz AND scanned_at < %(before)s::timestamptz AND resident_id IS NOT NULL
      AND age(xmin) > (SELECT age(greatest(%(until)s::bigint & 4294967295, 3)::text::xid))
      AND NOT EXISTS (
        SELECT FROM visit_dispute dispute
        WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id AND dispute.scanned_at = visit.scanned_at
          AND dispute.device_id = visit.device_id AND dispute.sequence = visit.sequence
      )
) TO STDOUT (FORMAT binary);

-- name: presence_counts
-- One row per day with counted visits of known residents that transactions before `until` stored: 20261123, and how many. Reads the
-- whole log; see presence_arrivals.
SELECT to_char(scanned_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYYMMDD')::int, count(*)
FROM visit
WHERE resident_id IS NOT NULL
  AND age(xmin) > (SELECT age(greatest(%(until)s::bigint & 4294967295, 3)::text::xid))
  AND NOT EXISTS (
      SELECT FROM visit_dispute dispute
      WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id AND dispute.scanned_at = visit.scanned_at
        AND dispute.device_id = visit.device_id AND dispute.sequence = visit.sequence
  )
GROUP BY 1;
