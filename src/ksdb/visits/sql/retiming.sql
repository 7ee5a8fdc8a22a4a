-- name: retiming_preview
-- One row: how many visits of a device lie in [since, until), between when they would lie, how many refusals of scans that
-- seemed to come from the future would count, how many would not, and of how many days a scan would lie outside the log.
-- Index scans of one point's rows.
WITH scan AS (
    SELECT scanned_at + %(by)s AS at, true AS is_visit, true AS counts
    FROM visit WHERE point_id = %(point)s AND device_id = %(device)s AND scanned_at >= %(since)s AND scanned_at < %(until)s
    UNION ALL
    SELECT refusal.scanned_at + %(by)s, false, card.index IS NOT NULL
    FROM refusal LEFT JOIN card ON card.index = refusal.card_index
        AND (card.status <> ALL (%(bad)s) OR card.status_since > refusal.scanned_at + %(by)s)
    WHERE refusal.point_id = %(point)s AND refusal.device_id = %(device)s AND refusal.reason = %(future)s
      AND refusal.scanned_at >= %(since)s AND refusal.scanned_at < %(until)s
)
SELECT count(*) FILTER (WHERE is_visit)::int, min(at) FILTER (WHERE counts), max(at) FILTER (WHERE counts),
       count(*) FILTER (WHERE NOT is_visit AND counts)::int,
       count(*) FILTER (WHERE NOT counts)::int,
       (SELECT count(*) FROM (SELECT DISTINCT (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS on_day FROM scan WHERE counts) AS needed
        WHERE NOT EXISTS (SELECT FROM log_partition WHERE log = 'visit' AND day = on_day))::int
FROM scan;

-- name: retime_scans
-- Moves them; one row per visit that was moved or taken in: whose it is.
SELECT resident FROM retime_scans(%(point)s, %(device)s, %(since)s, %(until)s, %(by)s) AS resident
