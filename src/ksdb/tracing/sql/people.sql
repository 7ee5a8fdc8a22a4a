-- name: coverage_around
-- One row: how many residents are registered in the communes of the points named and of the case, and how many of them
-- hold an active card, whichever of their records it is of. Reads the residents of those communes once.
WITH place AS (
    SELECT division_id FROM scan_point WHERE id = ANY(%(points)s)
    UNION
    SELECT coalesce(CASE WHEN division.kind = 'group' THEN division.parent_id END, division.id)
    FROM resident JOIN division ON division.id = resident.division_id WHERE resident.id = %(case)s
), inner_division AS (
    SELECT DISTINCT inner_id FROM division_containment WHERE outer_id IN (SELECT division_id FROM place)
)
SELECT count(*)::int, count(*) FILTER (
    WHERE EXISTS (SELECT FROM card WHERE card.resident_id = resident.id AND card.status = %(active)s)
       OR EXISTS (SELECT FROM resident AS record JOIN card ON card.resident_id = record.id
                  WHERE record.merged_into_id = resident.id AND card.status = %(active)s)
)::int
FROM resident
WHERE resident.division_id IN (SELECT inner_id FROM inner_division) AND resident.merged_into_id IS NULL

-- name: communes_of_trace
-- One row per commune that contacts of a trace live in: id, name, how many; most first.
SELECT commune.id, commune.name, count(*)::int AS contacts
FROM contact
JOIN resident ON resident.id = contact.resident_id
JOIN division home ON home.id = resident.division_id
JOIN division commune ON commune.id = CASE WHEN home.kind = 'group' THEN home.parent_id ELSE home.id END
WHERE contact.trace_id = %(trace)s
GROUP BY commune.id, commune.name
ORDER BY contacts DESC, commune.name;

-- name: places_of_trace
-- One row per point at which the case met contacts or stayed: id, name, commune, latitude, longitude, contacts, minutes
-- together, stays of the case; most contacts first.
SELECT point.id, point.name, division.name, point.latitude, point.longitude,
       coalesce(met.contacts, 0)::int, coalesce(met.minutes, 0)::int, coalesce(stayed.stays, 0)::int
FROM (
    SELECT co_presence.point_id, count(DISTINCT co_presence.contact_id) AS contacts,
           extract(epoch FROM sum(co_presence.ended_at - co_presence.started_at)) / 60 AS minutes
    FROM co_presence JOIN contact ON contact.id = co_presence.contact_id
    WHERE contact.trace_id = %(trace)s GROUP BY co_presence.point_id
) met
FULL JOIN (
    SELECT point_id, count(*) AS stays FROM trace_stay WHERE trace_id = %(trace)s GROUP BY point_id
) stayed USING (point_id)
JOIN scan_point point ON point.id = point_id
JOIN division ON division.id = point.division_id
ORDER BY 6 DESC, 7 DESC, point.name, point.id;

-- name: flags_of_contacts
-- One row per contact and flag that a visit of his carries at the point and around the time of a meeting. Index probes per
-- meeting.
SELECT DISTINCT contact.id, flag.flag
FROM contact
JOIN co_presence ON co_presence.contact_id = contact.id
JOIN visit ON visit.resident_id = contact.resident_id AND visit.point_id = co_presence.point_id
    AND visit.scanned_at > co_presence.started_at - %(longest)s AND visit.scanned_at <= co_presence.ended_at
JOIN visit_flag flag ON flag.point_id = visit.point_id AND flag.scanned_at = visit.scanned_at
    AND flag.device_id = visit.device_id AND flag.sequence = visit.sequence
WHERE contact.id = ANY(%(contacts)s)
  AND visit.scanned_at > (SELECT min(first_at) FROM contact WHERE id = ANY(%(contacts)s)) - %(longest)s
ORDER BY 1, 2;

-- name: flags_of_meetings
-- As `flags_of_contacts`, one row per meeting of one contact and flag.
SELECT DISTINCT co_presence.id, flag.flag
FROM co_presence
JOIN contact ON contact.id = co_presence.contact_id
JOIN visit ON visit.resident_id = contact.resident_id AND visit.point_id = co_presence.point_id
    AND visit.scanned_at > co_presence.started_at - %(longest)s AND visit.scanned_at <= co_presence.ended_at
JOIN visit_flag flag ON flag.point_id = visit.point_id AND flag.scanned_at = visit.scanned_at
    AND flag.device_id = visit.device_id AND flag.sequence = visit.sequence
WHERE co_presence.contact_id = %(contact)s
ORDER BY 1, 2;

-- name: what_is_missing
-- One row about what a trace cannot see in the communes where the case was: scan points there, how many of them sent nothing
-- in the period, devices in service, how many of those hold scans back, and how many scans those are, as they say themselves
-- or as gaps in their numbers tell (a register's tell nothing). An index probe per point and day.
WITH point AS (
    SELECT id FROM scan_point
    WHERE division_id IN (SELECT division_id FROM scan_point JOIN trace_stay ON trace_stay.point_id = scan_point.id
                          WHERE trace_stay.trace_id = %(trace)s)
      AND registered_at < %(until)s AND (closed_at IS NULL OR closed_at > %(since)s)
), heard AS (
    SELECT point.id, EXISTS (
        SELECT FROM visit WHERE visit.point_id = point.id AND visit.scanned_at >= %(since)s AND visit.scanned_at < %(until)s
    ) AS is_heard
    FROM point
), held AS (
    SELECT device.id, greatest(coalesce(state.waiting_count, 0), coalesce((
        SELECT sum(upper(hole) - lower(hole)) FROM unnest(int8multirange(range_merge(counted)) - counted) AS hole
        WHERE NOT device.is_register
    ), 0)) AS scans
    FROM device JOIN point ON point.id = device.point_id
    LEFT JOIN device_state state ON state.device_id = device.id
    LEFT JOIN device_intake ON device_intake.device_id = device.id
    CROSS JOIN LATERAL (SELECT received * '{[1,4503599627370496)}'::int8multirange AS counted) AS told
    WHERE device.revoked_at IS NULL
)
SELECT (SELECT count(*) FROM heard)::int, (SELECT count(*) FROM heard WHERE NOT is_heard)::int,
       (SELECT count(*) FROM held)::int, (SELECT count(*) FROM held WHERE scans > 0)::int,
       (SELECT coalesce(sum(scans), 0) FROM held)::bigint;

-- name: merged_records
-- One row per record that was merged into another: it, and the record that counts. Reads the index of merged records.
SELECT id, merged_into_id FROM resident WHERE merged_into_id IS NOT NULL
