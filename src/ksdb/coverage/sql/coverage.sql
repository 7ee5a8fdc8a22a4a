-- name: tallies
-- One row per division named, age band, sex and reason. One index scan a division.
SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic
FROM coverage_tally
WHERE division_id = ANY(%(divisions)s) AND people <> 0

-- name: days_since
-- By how much each day changed the counts of several divisions together, each taken with its share; what came before
-- `since` is all on the day before it. One index scan a division.
SELECT greatest(day."on", %(since)s::date - 1) AS "on", sum(day.counted * asked.share)::float,
       sum(day.issued * asked.share)::float, sum(day.active * asked.share)::float
FROM unnest(%(divisions)s::int[], %(shares)s::float[]) asked (division_id, share)
JOIN coverage_day day USING (division_id)
GROUP BY 1 ORDER BY 1

-- name: first_active_day
-- The first day on which a card was active in one of the divisions, or null.
SELECT min("on") FROM coverage_day WHERE division_id = ANY(%(divisions)s) AND active > 0

-- name: units
-- Every province, district and commune of every structure.
SELECT id, code, valid_from, kind, parent_id FROM division WHERE kind <> 'group' ORDER BY id
