-- name: devices_of_point
-- One row per device of the point, those in service first: what it is, what it last said of itself, how many scans of it
-- are stored, how many numbers lie between the first and the highest of these, the first of them that are missing, as
-- text, and how many scans of a copy are kept. A device let in anew counts on from where it was, so its first number is the
-- lowest that came; of a register, whose numbers are its own (from 2^52 on: made of what its rows say), none is missing.
-- Index probes.
SELECT device.id, device.name, device.is_register, device.enrolled_at, device.revoked_at,
       device_intake.seen_at, state.told_at, state.app_version, state.battery_percent, state.waiting_count,
       state.scanned_count, state.clock_ahead_ms,
       (SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest(received) AS part)::bigint AS stored_count,
       CASE WHEN device.is_register OR isempty(counted) OR counted IS NULL THEN 0
            ELSE upper(counted) - lower(counted) END AS span_count,
       (SELECT coalesce(sum(upper(hole) - lower(hole)), 0) FROM unnest(missing) AS hole)::bigint AS missing_count,
       ARRAY(SELECT CASE WHEN upper(hole) - lower(hole) = 1 THEN lower(hole)::text
                         ELSE lower(hole) || '–' || upper(hole) - 1 END
             FROM unnest(missing) AS hole ORDER BY lower(hole) LIMIT 5) AS holes,
       coalesce(device_copy.kept_count, 0) AS copied_count
FROM device
LEFT JOIN device_intake ON device_intake.device_id = device.id
LEFT JOIN device_state state ON state.device_id = device.id
LEFT JOIN device_copy ON device_copy.device_id = device.id
CROSS JOIN LATERAL (SELECT received * '{[1,4503599627370496)}'::int8multirange AS counted) AS told
CROSS JOIN LATERAL (
    SELECT CASE WHEN device.is_register THEN '{}'::int8multirange
                ELSE int8multirange(range_merge(counted)) - counted END AS missing
) AS gaps
WHERE device.point_id = %(point)s
ORDER BY device.revoked_at IS NOT NULL, device.name, device.id;

-- name: results_of_point
-- One row per result of the day at the point: the result, and how many. One index range of two partitions.
SELECT result, count(*)::integer FROM (
    SELECT result FROM visit WHERE point_id = %(point)s AND scanned_at >= %(since)s AND scanned_at < %(until)s
    UNION ALL
    SELECT reason FROM refusal WHERE point_id = %(point)s AND received_at >= %(since)s AND received_at < %(until)s
) AS told (result)
GROUP BY result ORDER BY result;

-- name: marks_of_point
-- One row per mark (core.decision.Mark) that visits of the day at the point carry: the mark, and how many. One index range.
SELECT mark, count(*)::integer
FROM visit CROSS JOIN unnest(%(marks)s::integer[]) AS mark
WHERE point_id = %(point)s AND scanned_at >= %(since)s AND scanned_at < %(until)s AND marks & mark <> 0
GROUP BY mark ORDER BY mark;

-- name: silent_points
-- One row per point of those named that was open for at least so long since anything was stored from it: how many devices
-- are in service, when something was last stored, when a device last spoke at all, and for how many seconds the place was
-- open since (looked back for 16 days at most). `seconds` is how long that must be, or else so many whole days of its
-- hours. Longest silence first. Index probes per device.
WITH heard AS (
    SELECT point.id, point.opens_at, point.closes_at,
           count(device.id) FILTER (WHERE device.revoked_at IS NULL)::integer AS devices,
           max(device_intake.seen_at) AS scanned_at, max(state.told_at) AS told_at,
           greatest(coalesce(max(device_intake.seen_at), point.registered_at), %(now)s - interval '16 days') AS silent_at
    FROM scan_point point
    LEFT JOIN device ON device.point_id = point.id
    LEFT JOIN device_intake ON device_intake.device_id = device.id
    LEFT JOIN device_state state ON state.device_id = device.id
    WHERE point.id = ANY(%(points)s)
    GROUP BY point.id
), local AS (
    SELECT heard.*, silent_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS since, %(now)s AT TIME ZONE 'Asia/Ho_Chi_Minh' AS until,
           closes_at - opens_at + CASE WHEN closes_at > opens_at THEN interval '0' ELSE interval '1 day' END AS daily
    FROM heard
), measured AS (
    SELECT local.*, (
        SELECT sum(greatest(interval '0', least(until, day + opens_at + daily) - greatest(since, day + opens_at)))
        FROM generate_series(since::date - 1, until::date, interval '1 day') AS day
    ) AS was_open
    FROM local
)
SELECT id, devices, scanned_at, told_at, extract(epoch FROM was_open)::integer AS open_seconds
FROM measured
WHERE was_open >= coalesce(%(seconds)s::integer * interval '1 second', %(days)s::integer * daily)
ORDER BY scanned_at NULLS FIRST, id;
