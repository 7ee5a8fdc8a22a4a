-- name: coverage_of
-- One row per division named: registered residents, those with a card that is not ended, with an active card, and
-- active cards by form. A resident counts in every division his own lies in, of any era. Reads the residents and
-- cards of those divisions once, grouped by where they are registered.
WITH asked AS (
    SELECT outer_id, inner_id FROM division_containment WHERE outer_id = ANY(%(divisions)s)
), held AS (
    SELECT card.resident_id,
           bool_or(card.status = %(active)s) AS is_active,
           bool_or(card.status = %(active)s AND card.form = 1) AS electronic,
           bool_or(card.status = %(active)s AND card.form = 2) AS paper,
           bool_or(card.status = %(active)s AND card.form = 3) AS plastic
    FROM card
    WHERE card.status = ANY(%(live)s)
    GROUP BY card.resident_id
), counted AS (
    SELECT resident.division_id,
           count(*) AS residents,
           count(held.resident_id) AS issued,
           count(*) FILTER (WHERE held.is_active) AS active,
           count(*) FILTER (WHERE held.electronic) AS electronic,
           count(*) FILTER (WHERE held.paper) AS paper,
           count(*) FILTER (WHERE held.plastic) AS plastic
    FROM resident LEFT JOIN held ON held.resident_id = resident.id
    WHERE resident.division_id IN (SELECT inner_id FROM asked) AND resident.merged_into_id IS NULL
    GROUP BY resident.division_id
)
SELECT asked.outer_id, sum(residents)::int, sum(issued)::int, sum(active)::int,
       sum(electronic)::int, sum(paper)::int, sum(plastic)::int
FROM counted JOIN asked ON asked.inner_id = counted.division_id
GROUP BY asked.outer_id
