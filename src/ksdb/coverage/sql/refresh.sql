-- name: lock_coverage
-- Waits until nobody else counts; held to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('ksdb.coverage'))

-- name: refresh
-- Takes the oldest changes, and whose card has run out meanwhile, and counts these residents anew: what they added
-- before is taken off the sums, what holds now is added. One statement, so one snapshot: a change that is taken is
-- always seen, one that commits later keeps its row for the next time. Returns how many changes and residents.
WITH taken AS (
    DELETE FROM coverage_change WHERE id IN (SELECT id FROM coverage_change ORDER BY id LIMIT %(most)s)
    RETURNING resident_id
), who AS MATERIALIZED (
    SELECT resident_id FROM taken
    UNION
    SELECT resident_id FROM coverage_person WHERE due_at <= %(moment)s
), before AS MATERIALIZED (
    SELECT person.* FROM who JOIN coverage_person person USING (resident_id)
), after AS MATERIALIZED (
    SELECT state.* FROM who JOIN coverage_state(%(moment)s) state USING (resident_id)
), gone AS (
    DELETE FROM coverage_person
    WHERE resident_id IN (SELECT resident_id FROM before EXCEPT SELECT resident_id FROM after)
), kept AS (
    INSERT INTO coverage_person (
        resident_id, division_id, band, sex, reason, is_issued, forms, counted_from, counted_until, issued_from,
        issued_until, active_from, active_until, due_at
    )
    SELECT resident_id, division_id, band, sex, reason, is_issued, forms, counted_from, counted_until, issued_from,
           issued_until, active_from, active_until, due_at
    FROM after
    ON CONFLICT (resident_id) DO UPDATE SET
        division_id = excluded.division_id, band = excluded.band, sex = excluded.sex, reason = excluded.reason,
        is_issued = excluded.is_issued, forms = excluded.forms, counted_from = excluded.counted_from,
        counted_until = excluded.counted_until, issued_from = excluded.issued_from,
        issued_until = excluded.issued_until, active_from = excluded.active_from,
        active_until = excluded.active_until, due_at = excluded.due_at
), placed AS MATERIALIZED (
    SELECT signed.*, place.id AS place
    FROM (SELECT -1 AS sign, before.* FROM before UNION ALL SELECT 1, after.* FROM after) signed
    JOIN division own ON own.id = signed.division_id
    CROSS JOIN LATERAL (VALUES (own.id), (CASE WHEN own.kind = 'group' THEN own.parent_id END)) place (id)
    WHERE place.id IS NOT NULL
), sums AS (
    SELECT place, band, sex, reason, sum(sign) AS people, coalesce(sum(sign) FILTER (WHERE is_issued), 0) AS issued,
           coalesce(sum(sign) FILTER (WHERE forms <> 0), 0) AS active,
           coalesce(sum(sign) FILTER (WHERE forms & 1 <> 0), 0) AS electronic,
           coalesce(sum(sign) FILTER (WHERE forms & 2 <> 0), 0) AS paper,
           coalesce(sum(sign) FILTER (WHERE forms & 4 <> 0), 0) AS plastic
    FROM placed GROUP BY place, band, sex, reason
), tallied AS (
    INSERT INTO coverage_tally AS tally (
        division_id, band, sex, reason, people, issued, active, electronic, paper, plastic
    )
    SELECT place, band, sex, reason, people, issued, active, electronic, paper, plastic FROM sums
    WHERE (people, issued, active, electronic, paper, plastic) <> (0, 0, 0, 0, 0, 0)
    ON CONFLICT (division_id, band, sex, reason) DO UPDATE SET
        people = tally.people + excluded.people, issued = tally.issued + excluded.issued,
        active = tally.active + excluded.active, electronic = tally.electronic + excluded.electronic,
        paper = tally.paper + excluded.paper, plastic = tally.plastic + excluded.plastic
), changes AS (
    SELECT place, event."on", sum(sign * event.counted) AS counted, sum(sign * event.issued) AS issued,
           sum(sign * event.active) AS active
    FROM placed
    CROSS JOIN LATERAL (VALUES
        (counted_from, 1, 0, 0), (counted_until, -1, 0, 0), (issued_from, 0, 1, 0), (issued_until, 0, -1, 0),
        (active_from, 0, 0, 1), (active_until, 0, 0, -1)
    ) event ("on", counted, issued, active)
    WHERE event."on" IS NOT NULL
    GROUP BY place, event."on"
), days AS (
    INSERT INTO coverage_day AS day (division_id, "on", counted, issued, active)
    SELECT place, "on", counted, issued, active FROM changes WHERE (counted, issued, active) <> (0, 0, 0)
    ON CONFLICT (division_id, "on") DO UPDATE SET
        counted = day.counted + excluded.counted, issued = day.issued + excluded.issued,
        active = day.active + excluded.active
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM who)

-- name: drifted
-- How many residents are counted otherwise than a recount finds, though no change of theirs waits; and how many differ
-- only in the age band, because a year began. Reads every resident and card once.
SELECT count(*) FILTER (WHERE (kept.resident_id, kept.division_id, kept.sex, kept.reason, kept.is_issued, kept.forms,
                               kept.counted_from, kept.counted_until, kept.issued_from, kept.issued_until,
                               kept.active_from, kept.active_until, kept.due_at)
           IS DISTINCT FROM (fresh.resident_id, fresh.division_id, fresh.sex, fresh.reason, fresh.is_issued,
                             fresh.forms, fresh.counted_from, fresh.counted_until, fresh.issued_from,
                             fresh.issued_until, fresh.active_from, fresh.active_until, fresh.due_at)),
       count(*) FILTER (WHERE kept.band <> fresh.band)
FROM coverage_person kept
FULL JOIN coverage_state(%(moment)s) fresh ON fresh.resident_id = kept.resident_id
WHERE NOT EXISTS (
    SELECT FROM coverage_change WHERE resident_id = coalesce(kept.resident_id, fresh.resident_id)
)

-- name: sums_differ
-- How many rows of the sums are not what their residents add up to; rows of nothing but zeros are none.
SELECT count(*) FROM (
    (SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic FROM coverage_tally
     WHERE (people, issued, active, electronic, paper, plastic) <> (0, 0, 0, 0, 0, 0)
     EXCEPT
     SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic
     FROM coverage_tally_fresh)
    UNION ALL
    (SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic
     FROM coverage_tally_fresh
     EXCEPT
     SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic FROM coverage_tally)
) tallies FULL JOIN (
    (SELECT division_id, "on", counted, issued, active FROM coverage_day
     WHERE (counted, issued, active) <> (0, 0, 0)
     EXCEPT
     SELECT division_id, "on", counted, issued, active FROM coverage_day_fresh)
    UNION ALL
    (SELECT division_id, "on", counted, issued, active FROM coverage_day_fresh
     EXCEPT
     SELECT division_id, "on", counted, issued, active FROM coverage_day)
) days ON false

-- name: clear
-- Empties what is derived; what is waiting to be counted stays.
WITH people AS (DELETE FROM coverage_person), sums AS (DELETE FROM coverage_tally) DELETE FROM coverage_day

-- name: fill_people
-- Counts every resident: one row each. A statement of its own, so that all of it is of one moment.
INSERT INTO coverage_person (
    resident_id, division_id, band, sex, reason, is_issued, forms, counted_from, counted_until, issued_from,
    issued_until, active_from, active_until, due_at
)
SELECT resident_id, division_id, band, sex, reason, is_issued, forms, counted_from, counted_until, issued_from,
       issued_until, active_from, active_until, due_at
FROM coverage_state(%(moment)s)

-- name: fill_sums
-- Adds up the residents, by division and what the pages break down by.
INSERT INTO coverage_tally (division_id, band, sex, reason, people, issued, active, electronic, paper, plastic)
SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic FROM coverage_tally_fresh

-- name: fill_days
-- Adds up by how much each day changed the counts of each division.
INSERT INTO coverage_day (division_id, "on", counted, issued, active)
SELECT division_id, "on", counted, issued, active FROM coverage_day_fresh

-- name: counted_people
-- How many residents are counted, in the count or out of it.
SELECT count(*) FROM coverage_person

-- name: waiting_changes
-- How many changes wait to be counted.
SELECT count(*) FROM coverage_change

-- name: forget_changes
-- Drops all changes that wait: everybody is about to be counted.
DELETE FROM coverage_change
