-- name: visits_of_records
-- One row per visit of these records since then, latest first, at most as many as asked for: its key, whether the exit,
-- the place's name and kind in both languages. One index scan a day and record.
SELECT visit.point_id, visit.scanned_at, visit.device_id, visit.sequence, visit.is_exit, point.name,
       kind.name_vi, kind.name_en
FROM visit
JOIN scan_point AS point ON point.id = visit.point_id
JOIN scan_point_type AS kind ON kind.code = point.type_id
WHERE visit.resident_id = ANY (%(residents)s) AND visit.scanned_at >= %(since)s
ORDER BY visit.scanned_at DESC, visit.sequence DESC
LIMIT %(most)s;

-- name: readers_of
-- One row per account, day, purpose and act of the reads of these records, latest first, at most as many as asked for:
-- the office and the roles of the account now, the first and last instant, how often, and whether for a case. Without
-- auditors' looks at the trail and the system's own work. One index scan a record.
SELECT max(entry.at) AS last_at, min(entry.at) AS first_at, count(*) AS times, entry.purpose, entry.action,
       bool_or(entry.case_id IS NOT NULL) AS is_for_case, account.unit,
       array(SELECT DISTINCT access_grant.role FROM access_grant
             WHERE access_grant.account_id = entry.actor_id ORDER BY access_grant.role) AS roles
FROM audit_entry AS entry
LEFT JOIN staff_account AS account ON account.id = entry.actor_id
WHERE entry.subject = 'resident' AND entry.subject_id = ANY (%(residents)s) AND entry.purpose <> ''
  AND entry.actor_id IS NOT NULL AND entry.action <> 'audit:entry:read'
GROUP BY entry.actor_id, account.unit, (entry.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, entry.purpose, entry.action
ORDER BY last_at DESC
LIMIT %(most)s;
