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
ORDER BY contacts DESC, commune.name
