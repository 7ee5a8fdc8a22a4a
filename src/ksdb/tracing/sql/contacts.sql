-- name: scans_of
-- One row per scan of the residents named, from `since` on, all in the order of core.stay, with the usual stay at its
-- point. One index scan per resident and day.
SELECT visit.resident_id, visit.scanned_at, visit.point_id, visit.is_exit, scan_point.usual_stay_minutes
FROM counted_visit visit JOIN scan_point ON scan_point.id = visit.point_id
WHERE visit.resident_id = ANY(%(residents)s) AND visit.scanned_at >= %(since)s
ORDER BY visit.scanned_at, visit.sequence, visit.device_id

-- name: exposures
-- One row per co-presence of another resident with the stays given, each of the resident `through_id`, in the meaning of core.stay and core.copresence.
-- `until` is where a stay of the case ends, the rule's linger included. `goes_on_at` is set where the other's stay
-- may go on after the scans read here, so that only what follows tells whether an exit ended it.
-- Reads the visits at each point around each stay through the primary key, exits through visit_exits, and one scan per
-- candidate through visit_of_resident. The fixed bounds `since` and `before` let the planner leave out other days.
WITH stay AS (
    SELECT * FROM unnest(
        %(points)s::integer[], %(usual)s::interval[], %(arrived)s::timestamptz[], %(until)s::timestamptz[],
        %(observed)s::boolean[], %(residents)s::integer[], %(least)s::interval[]
    ) WITH ORDINALITY AS given (point_id, usual, arrived_at, until_at, is_observed, through_id, least, stay_no)
), late AS (
    -- Exits that may end a stay which began longer before than is usual.
    SELECT stay.stay_no, stay.point_id, stay.arrived_at - stay.usual AS came_before, exit.resident_id, exit.scanned_at
    FROM stay JOIN counted_visit exit ON exit.point_id = stay.point_id AND exit.is_exit
        AND exit.scanned_at > stay.arrived_at AND exit.scanned_at < stay.arrived_at - stay.usual + %(longest)s
    WHERE exit.scanned_at >= %(since)s AND exit.scanned_at < %(before)s AND exit.resident_id <> stay.through_id
      AND exit.resident_id <> ALL (%(case)s::int[])
), entry AS (
    SELECT stay.stay_no, visit.resident_id, visit.scanned_at, visit.sequence, visit.device_id
    FROM stay JOIN counted_visit visit ON visit.point_id = stay.point_id
        AND visit.scanned_at >= stay.arrived_at - stay.usual AND visit.scanned_at < stay.until_at
    WHERE visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
      AND NOT visit.is_exit AND visit.resident_id <> stay.through_id
      AND visit.resident_id <> ALL (%(case)s::int[])
    UNION ALL
    -- Whoever came longer before than is usual was still there only if an exit says so.
    SELECT late.stay_no, previous.resident_id, previous.scanned_at, previous.sequence, previous.device_id
    FROM late CROSS JOIN LATERAL (
        SELECT visit.resident_id, visit.point_id, visit.is_exit, visit.scanned_at, visit.sequence, visit.device_id
        FROM counted_visit visit
        WHERE visit.resident_id = late.resident_id
          AND visit.scanned_at >= late.scanned_at - %(longest)s AND visit.scanned_at < late.scanned_at
          AND visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
        ORDER BY visit.scanned_at DESC, visit.sequence DESC, visit.device_id DESC
        LIMIT 1
    ) previous
    WHERE previous.scanned_at < late.came_before AND previous.point_id = late.point_id AND NOT previous.is_exit
), followed AS (
    SELECT entry.stay_no, entry.resident_id, entry.scanned_at AS arrived_at, following.scanned_at AS next_at,
           entry.scanned_at + stay.usual AS expected_at,
           coalesce(following.is_exit AND following.point_id = stay.point_id
                    AND following.scanned_at <= entry.scanned_at + %(longest)s, false) AS is_observed
    FROM entry JOIN stay USING (stay_no)
    LEFT JOIN LATERAL (
        SELECT visit.scanned_at, visit.point_id, visit.is_exit FROM counted_visit visit
        WHERE visit.resident_id = entry.resident_id
          AND visit.scanned_at >= entry.scanned_at
          AND visit.scanned_at <= entry.scanned_at + greatest(stay.usual, %(longest)s)
          AND visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
          AND (visit.scanned_at, visit.sequence, visit.device_id)
              > (entry.scanned_at, entry.sequence, entry.device_id)
        ORDER BY visit.scanned_at, visit.sequence, visit.device_id
        LIMIT 1
    ) following ON true
), segment AS (
    SELECT *, CASE WHEN is_observed THEN next_at ELSE least(expected_at, next_at) END AS departed_at FROM followed
), opening AS (
    SELECT *, (lag(departed_at) OVER in_order = arrived_at AND NOT lag(is_observed) OVER in_order) IS NOT TRUE AS opens
    FROM segment WHERE departed_at > arrived_at
    WINDOW in_order AS (PARTITION BY stay_no, resident_id ORDER BY arrived_at)
), numbered AS (
    SELECT *, count(*) FILTER (WHERE opens) OVER (PARTITION BY stay_no, resident_id ORDER BY arrived_at) AS other_no
    FROM opening
), other AS (
    SELECT stay_no, resident_id, min(arrived_at) AS arrived_at, max(departed_at) AS departed_at,
           bool_or(is_observed) AS is_observed, max(next_at) AS next_at
    FROM numbered GROUP BY stay_no, resident_id, other_no
), met AS (
    SELECT other.resident_id, stay.point_id, stay.through_id, stay.least,
           greatest(stay.arrived_at, other.arrived_at) AS started_at, least(stay.until_at, other.departed_at) AS ended_at,
           stay.is_observed AND other.is_observed AS is_observed,
           CASE WHEN stay.is_observed AND NOT other.is_observed AND other.departed_at >= stay.until_at
                 AND other.next_at = other.departed_at AND EXISTS (
                     SELECT FROM counted_visit visit
                     WHERE visit.resident_id = other.resident_id AND visit.scanned_at = other.departed_at
                       AND visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
                       AND visit.point_id = stay.point_id AND NOT visit.is_exit
                 ) THEN other.departed_at END AS goes_on_at
    FROM other JOIN stay USING (stay_no)
)
SELECT resident_id, point_id, started_at, ended_at, is_observed, goes_on_at, through_id
FROM met
WHERE started_at < ended_at AND ended_at - started_at >= least
ORDER BY resident_id, started_at, point_id, ended_at;

-- name: window_exposures
-- As `exposures`, where each scan stands for `[at, at + window)` at its point, by the window of each stay (core.stay.windows_of). One index scan per
-- stay and day.
WITH stay AS (
    SELECT * FROM unnest(
        %(points)s::integer[], %(arrived)s::timestamptz[], %(until)s::timestamptz[], %(residents)s::integer[],
        %(least)s::interval[], %(window)s::interval[]
    ) WITH ORDINALITY AS given (point_id, arrived_at, until_at, through_id, least, span, stay_no)
), part AS (
    SELECT stay.*, visit.resident_id, greatest(visit.scanned_at, stay.arrived_at) AS started_at,
           least(visit.scanned_at + stay.span, stay.until_at) AS ended_at
    FROM stay JOIN counted_visit visit ON visit.point_id = stay.point_id
        AND visit.scanned_at > stay.arrived_at - stay.span AND visit.scanned_at < stay.until_at
    WHERE visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
      AND visit.resident_id <> stay.through_id AND visit.resident_id <> ALL (%(case)s::int[])
), opening AS (
    SELECT *, (started_at <= max(ended_at) OVER (
        PARTITION BY stay_no, resident_id ORDER BY started_at, ended_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )) IS NOT TRUE AS opens
    FROM part
), numbered AS (
    SELECT *, count(*) FILTER (WHERE opens) OVER (
        PARTITION BY stay_no, resident_id ORDER BY started_at, ended_at ROWS UNBOUNDED PRECEDING
    ) AS part_no
    FROM opening
), met AS (
    SELECT resident_id, point_id, through_id, least, min(started_at) AS started_at, max(ended_at) AS ended_at
    FROM numbered GROUP BY stay_no, point_id, through_id, least, resident_id, part_no
)
SELECT resident_id, point_id, started_at, ended_at, false, NULL::timestamptz, through_id
FROM met
WHERE started_at < ended_at AND ended_at - started_at >= least
ORDER BY resident_id, started_at, point_id, ended_at;

-- name: unverified
-- How many entries around the stays given belong to no known resident. One index scan per stay and day.
SELECT count(DISTINCT (visit.point_id, visit.scanned_at, visit.device_id, visit.sequence))
FROM unnest(
    %(points)s::integer[], %(usual)s::interval[], %(arrived)s::timestamptz[], %(until)s::timestamptz[]
) AS stay (point_id, usual, arrived_at, until_at)
JOIN counted_visit visit ON visit.point_id = stay.point_id
    AND visit.scanned_at >= stay.arrived_at - stay.usual AND visit.scanned_at < stay.until_at
WHERE visit.scanned_at >= %(since)s AND visit.scanned_at < %(before)s
  AND visit.resident_id IS NULL AND NOT visit.is_exit
