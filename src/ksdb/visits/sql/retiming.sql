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
SELECT count(*) FILTER (WHERE is_visit)::int, min(at), max(at), count(*) FILTER (WHERE NOT is_visit AND counts)::int,
       count(*) FILTER (WHERE NOT counts)::int,
       (SELECT count(DISTINCT (outside.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) FROM scan AS outside
        WHERE counts AND NOT EXISTS (SELECT FROM log_partition WHERE log = 'visit'
                                     AND day = (outside.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))::int
FROM scan;

-- name: retime_visits
-- Moves a device's visits of [since, until) by an interval; one row each: whose it is. The time that stood there stays beside it.
-- They arrive anew, so that whoever reads what is new reads them.
UPDATE visit
SET claimed_at = coalesce(claimed_at, scanned_at), scanned_at = scanned_at + %(by)s, marks = marks | %(mark)s,
    received_at = clock_timestamp()
WHERE point_id = %(point)s AND device_id = %(device)s AND scanned_at >= %(since)s AND scanned_at < %(until)s
RETURNING resident_id;

-- name: retime_foreign
-- The codes of other systems go with their visits.
UPDATE foreign_scan SET scanned_at = scanned_at + %(by)s
WHERE point_id = %(point)s AND device_id = %(device)s AND scanned_at >= %(since)s AND scanned_at < %(until)s;

-- name: retime_disputes
-- The disputes go with their visits.
UPDATE visit_dispute SET scanned_at = scanned_at + %(by)s
WHERE point_id = %(point)s AND device_id = %(device)s AND scanned_at >= %(since)s AND scanned_at < %(until)s;

-- name: forget_flags
-- What was odd about the visits at their wrong times; they are looked through again as they arrive anew.
DELETE FROM visit_flag
WHERE point_id = %(point)s AND device_id = %(device)s AND scanned_at >= %(since)s AND scanned_at < %(until)s;

-- name: accept_refused
-- Scans of [since, until) that were refused because they seemed to come from the future become visits at their true times;
-- one row each: whose it is. A card that was out of use by then stays refused. Whether it was an exit is not known of them.
WITH good AS (
    SELECT refusal.point_id, refusal.received_at, refusal.device_id, refusal.sequence, refusal.scanned_at, card.index,
           card.resident_id,
           CASE WHEN card.status_since > refusal.scanned_at + %(by)s THEN %(accepted)s
                WHEN card.status = %(active)s THEN %(accepted)s
                WHEN card.status = %(attention_status)s THEN %(attention)s
                ELSE %(unverified)s END AS result
    FROM refusal JOIN card ON card.index = refusal.card_index
        AND (card.status <> ALL (%(bad)s) OR card.status_since > refusal.scanned_at + %(by)s)
    WHERE refusal.point_id = %(point)s AND refusal.device_id = %(device)s AND refusal.reason = %(future)s
      AND refusal.scanned_at >= %(since)s AND refusal.scanned_at < %(until)s
), taken AS (
    DELETE FROM refusal USING good
    WHERE refusal.point_id = good.point_id AND refusal.received_at = good.received_at
      AND refusal.device_id = good.device_id AND refusal.sequence = good.sequence
)
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, marks, claimed_at)
SELECT point_id, scanned_at + %(by)s, device_id, sequence, index, resident_id, result, false, %(mark)s, scanned_at
FROM good
RETURNING resident_id;
