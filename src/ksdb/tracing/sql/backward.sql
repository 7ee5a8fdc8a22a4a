-- name: shared_cells
-- One row per scan point and window of time in which at least two of the cases were, most cases first, at most 5,000: point, its
-- name, beginning of the window, the cases, and how many cells any case was in. A visit counts from its scan for the
-- usual stay. One index scan per record and day.
WITH chosen AS (
    SELECT * FROM unnest(%(records)s::integer[], %(cases)s::integer[], %(since)s::timestamptz[], %(until)s::timestamptz[])
        AS given (resident_id, case_id, since, until)
), cell AS (
    SELECT DISTINCT chosen.case_id, visit.point_id, at
    FROM chosen
    JOIN counted_visit visit ON visit.resident_id = chosen.resident_id
        AND visit.scanned_at >= chosen.since AND visit.scanned_at < chosen.until
    JOIN scan_point point ON point.id = visit.point_id
    CROSS JOIN LATERAL generate_series(
        floor((extract(epoch FROM visit.scanned_at) + 25200) / %(seconds)s)::bigint,
        floor((extract(epoch FROM visit.scanned_at) + 25200 + greatest(point.usual_stay_minutes * 60 - 1, 0)) / %(seconds)s)::bigint
    ) AS at
    WHERE visit.scanned_at >= %(first)s AND visit.scanned_at < %(last)s AND NOT visit.is_exit
), shared AS (
    SELECT point_id, at, array_agg(case_id ORDER BY case_id) AS cases FROM cell GROUP BY point_id, at HAVING count(*) > 1
)
SELECT shared.point_id, point.name, to_timestamp(shared.at * %(seconds)s - 25200), shared.cases,
       (SELECT count(*) FROM (SELECT DISTINCT point_id, at FROM cell) AS looked_at)::int
FROM shared JOIN scan_point point ON point.id = shared.point_id
ORDER BY cardinality(shared.cases) DESC, shared.at, shared.point_id
LIMIT 5000;

-- name: visitors_of_cells
-- One row per cell given and commune of those who were there: number of the cell, commune, persons. Reads the visits of each
-- cell by the primary key, and a resident each.
SELECT cell.cell_no::int, commune.id, count(DISTINCT coalesce(resident.merged_into_id, resident.id))::int
FROM unnest(%(points)s::integer[], %(begins)s::timestamptz[]) WITH ORDINALITY AS cell (point_id, begins_at, cell_no)
JOIN scan_point point ON point.id = cell.point_id
JOIN counted_visit visit ON visit.point_id = cell.point_id
    AND visit.scanned_at > cell.begins_at - make_interval(mins => point.usual_stay_minutes)
    AND visit.scanned_at < cell.begins_at + make_interval(secs => %(seconds)s)
JOIN resident ON resident.id = visit.resident_id
JOIN division home ON home.id = resident.division_id
JOIN division commune ON commune.id = CASE WHEN home.kind = 'group' THEN home.parent_id ELSE home.id END
WHERE visit.scanned_at >= %(first)s AND visit.scanned_at < %(last)s AND NOT visit.is_exit
GROUP BY cell.cell_no, commune.id
ORDER BY 1, 2;

-- name: card_holders
-- One row per commune named: how many persons registered there hold an active card. Reads the residents of those communes.
SELECT commune.id, count(DISTINCT coalesce(resident.merged_into_id, resident.id))::int
FROM division commune
JOIN division home ON home.id = commune.id OR (home.parent_id = commune.id AND home.kind = 'group')
JOIN resident ON resident.division_id = home.id
JOIN card ON card.resident_id = resident.id AND card.status = %(active)s
WHERE commune.id = ANY(%(communes)s)
GROUP BY commune.id
