-- name: flag_watermark
-- One row: up to which arrival the visits were looked at. Locks it, so that two looks do not meet.
SELECT received_until FROM flag_watermark FOR UPDATE;

-- name: move_watermark
-- From now on the next look begins there.
UPDATE flag_watermark SET received_until = %(until)s;

-- name: odd_visits
-- One row per flag to be raised of the visits that arrived in [since, until), and of their neighbours where a late scan
-- makes those odd: the visit's key, the flag and its measure. Who has no resident is the same by the card, or by the hash
-- of another system's code. Points without a place on the map lie apart unless they have an owner in common. A register
-- writes in minutes and in bulk, so its pace says nothing. Cost: the block index of arrivals, then index probes per visit.
WITH fresh AS MATERIALIZED (
    SELECT point_id, scanned_at, device_id, sequence, resident_id
    FROM visit
    WHERE received_at >= %(since)s AND received_at < %(until)s
), hours AS (
    SELECT fresh.*, point.opens_at, point.closes_at, at.clock,
           CASE WHEN point.opens_at < point.closes_at THEN at.clock BETWEEN point.opens_at AND point.closes_at
                ELSE at.clock >= point.opens_at OR at.clock <= point.closes_at END AS is_open,
           least(abs(extract(epoch FROM at.clock - point.opens_at)), abs(extract(epoch FROM at.clock - point.closes_at)))
               AS seconds_off
    FROM fresh
    JOIN scan_point point ON point.id = fresh.point_id
    CROSS JOIN LATERAL (SELECT (fresh.scanned_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::time AS clock) AS at
), resident_pair AS (
    -- A visit and the one before it, for each fresh visit and for the one after it. Of two in the same millisecond one
    -- comes before the other by its point.
    SELECT later.point_id, later.scanned_at, later.device_id, later.sequence, before.point_id AS point_before,
           extract(epoch FROM later.scanned_at - before.scanned_at) AS seconds
    FROM (
        SELECT * FROM fresh WHERE resident_id IS NOT NULL
        UNION
        SELECT next.* FROM fresh
        CROSS JOIN LATERAL (
            SELECT point_id, scanned_at, device_id, sequence, resident_id FROM visit
            WHERE visit.resident_id = fresh.resident_id AND visit.scanned_at >= fresh.scanned_at
              AND visit.scanned_at < fresh.scanned_at + interval '3 hours'
              AND (visit.scanned_at, visit.point_id, visit.device_id, visit.sequence)
                  > (fresh.scanned_at, fresh.point_id, fresh.device_id, fresh.sequence)
            ORDER BY visit.scanned_at, visit.point_id, visit.device_id, visit.sequence LIMIT 1
        ) AS next
    ) AS later
    CROSS JOIN LATERAL (
        SELECT visit.point_id, visit.scanned_at FROM visit
        WHERE visit.resident_id = later.resident_id AND visit.scanned_at <= later.scanned_at
          AND visit.scanned_at > later.scanned_at - interval '3 hours'
          AND (visit.scanned_at, visit.point_id, visit.device_id, visit.sequence)
              < (later.scanned_at, later.point_id, later.device_id, later.sequence)
        ORDER BY visit.scanned_at DESC, visit.point_id DESC, visit.device_id DESC, visit.sequence DESC LIMIT 1
    ) AS before
), minute AS (
    SELECT DISTINCT date_trunc('minute', scanned_at) AS at FROM fresh WHERE resident_id IS NULL
), stranger AS MATERIALIZED (
    -- Visits without a resident around the fresh ones among them: so near in time that the same code is at two places.
    SELECT DISTINCT visit.point_id, visit.scanned_at, visit.device_id, visit.sequence, visit.card_index,
           coalesce(foreign_scan.scan_key, foreign_scan.id_key) AS foreign_key
    FROM minute
    JOIN visit ON visit.resident_id IS NULL
              AND visit.scanned_at >= minute.at - %(two_places_seconds)s * interval '1 second'
              AND visit.scanned_at < minute.at + (60 + %(two_places_seconds)s) * interval '1 second'
    LEFT JOIN foreign_scan USING (point_id, scanned_at, device_id, sequence)
), pair AS (
    SELECT * FROM resident_pair WHERE point_before <> point_id
    UNION ALL
    SELECT point_id, scanned_at, device_id, sequence, point_before, seconds
    FROM (
        SELECT stranger.*, lag(point_id) OVER same AS point_before,
               extract(epoch FROM scanned_at - lag(scanned_at) OVER same) AS seconds
        FROM stranger
        WHERE card_index IS NOT NULL OR foreign_key IS NOT NULL
        WINDOW same AS (PARTITION BY card_index, foreign_key ORDER BY scanned_at, point_id, device_id, sequence)
    ) AS told
    WHERE point_before <> point_id
), way AS (
    -- Metres on the sphere, where both points say where they are.
    SELECT pair.*,
           CASE WHEN here.latitude + here.longitude + there.latitude + there.longitude IS NOT NULL THEN
               2 * 6371000 * asin(least(1, sqrt(
                   power(sind((here.latitude - there.latitude) / 2), 2)
                   + cosd(here.latitude) * cosd(there.latitude)
                     * power(sind((here.longitude - there.longitude) / 2), 2)
               )))
           END AS metres,
           EXISTS (
               SELECT FROM point_owner mine JOIN point_owner other USING (account_id)
               WHERE mine.point_id = pair.point_id AND other.point_id = pair.point_before
           ) AS is_one_owners
    FROM pair
    JOIN scan_point here ON here.id = pair.point_id
    JOIN scan_point there ON there.id = pair.point_before
), span AS (
    SELECT point_id, device_id, min(scanned_at) - interval '10 minutes' AS since,
           max(scanned_at) + interval '10 minutes' AS until
    FROM fresh
    WHERE NOT EXISTS (SELECT FROM device WHERE device.id = fresh.device_id AND device.is_register)
    GROUP BY point_id, device_id, date_trunc('hour', scanned_at)
), around AS (
    SELECT DISTINCT visit.point_id, visit.scanned_at, visit.device_id, visit.sequence
    FROM span
    JOIN visit ON visit.point_id = span.point_id AND visit.device_id = span.device_id
              AND visit.scanned_at >= span.since AND visit.scanned_at < span.until
), paced AS (
    SELECT around.*,
           extract(epoch FROM scanned_at - lag(scanned_at) OVER device) AS gap,
           count(*) OVER (PARTITION BY device_id ORDER BY scanned_at
                          RANGE BETWEEN interval '60 seconds' PRECEDING AND CURRENT ROW) AS in_minute
    FROM around
    WINDOW device AS (PARTITION BY device_id ORDER BY scanned_at, sequence)
), islands AS (
    SELECT paced.*, count(*) FILTER (WHERE gap IS NULL OR gap > %(hasty_seconds)s)
                        OVER (PARTITION BY device_id ORDER BY scanned_at, sequence) AS island
    FROM paced
), runs AS (
    SELECT islands.*, count(*) OVER island_of AS length, first_value(gap) OVER island_of AS pause
    FROM islands
    WINDOW island_of AS (PARTITION BY device_id, island ORDER BY scanned_at, sequence
                         ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), raised AS (
    SELECT point_id, scanned_at, device_id, sequence, 1 AS flag, (seconds_off / 60)::integer AS measure
    FROM hours WHERE NOT is_open AND seconds_off > %(hours_leeway_seconds)s
    UNION ALL
    SELECT point_id, scanned_at, device_id, sequence, 2, (metres / greatest(seconds, 1) * 3.6)::integer
    FROM way
    WHERE metres > %(least_metres)s AND metres / greatest(seconds, 1) * 3.6 > %(most_km_per_hour)s
    UNION ALL
    SELECT point_id, scanned_at, device_id, sequence, 3, seconds::integer
    FROM way WHERE seconds <= %(two_places_seconds)s AND CASE WHEN metres IS NULL THEN NOT is_one_owners ELSE metres > %(near_metres)s END
    UNION ALL
    SELECT point_id, scanned_at, device_id, sequence, 4, in_minute::integer
    FROM paced WHERE in_minute > %(most_a_minute)s
    UNION ALL
    SELECT point_id, scanned_at, device_id, sequence, 5, length::integer
    FROM runs WHERE length >= %(album_length)s AND (pause IS NULL OR pause >= %(album_pause_seconds)s)
)
SELECT point_id, scanned_at, device_id, sequence, flag, max(measure) FROM raised GROUP BY 1, 2, 3, 4, 5;

-- name: keep_flags
-- Raises flags of visits; one that stands already stays as it is. One index probe a flag.
INSERT INTO visit_flag (point_id, scanned_at, device_id, sequence, flag, measure)
SELECT * FROM unnest(%(point_id)s::integer[], %(scanned_at)s::timestamptz[], %(device_id)s::integer[],
                     %(sequence)s::bigint[], %(flag)s::smallint[], %(measure)s::integer[])
ON CONFLICT DO NOTHING;

-- name: flags_of_points
-- One row per point and flag: how many visits since a moment carry it. One index range a point and day.
SELECT point_id, flag, count(*)::integer
FROM visit_flag
WHERE point_id = ANY(%(points)s) AND scanned_at >= %(since)s
GROUP BY point_id, flag
ORDER BY point_id, flag;
