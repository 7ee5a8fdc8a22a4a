-- name: persons_of_group
-- One row per resident of a residential group, or for the one named, by household: the best card that has not ended, the reason
-- that stands, and who noted it. One index scan of residents, one look-up of cards and of reasons for each.
SELECT resident.id, coalesce(resident.household_id, 0), resident.full_name, resident.birth_year,
       resident.phone_sealed IS NOT NULL,
       CASE WHEN held.status IS NULL THEN 'none' WHEN held.status = %(active)s THEN 'active'
            WHEN held.status = %(issued)s THEN 'waiting' ELSE 'blocked' END,
       CASE WHEN held.status = %(issued)s THEN held.index END,
       CASE WHEN held.status = %(issued)s THEN held.number ELSE '' END,
       coalesce(standing.id, 0), standing.reason, standing.said_on, coalesce(staff_account.full_name, '')
FROM resident
LEFT JOIN LATERAL (
    SELECT card.status, card.index, card.number
    FROM card
    WHERE card.resident_id IN (
            SELECT record.id FROM resident AS record
            WHERE record.id = resident.id OR record.merged_into_id = resident.id)
          AND card.status = ANY(%(live)s) AND card.expires_at > %(at)s
    ORDER BY card.status = %(active)s DESC, card.status = %(issued)s DESC, card.index
    LIMIT 1
) AS held ON true
LEFT JOIN missing_reason AS standing ON standing.resident_id = resident.id AND standing.withdrawn_at IS NULL
LEFT JOIN staff_account ON staff_account.id = standing.noted_by_id
WHERE resident.division_id = %(group)s AND resident.merged_into_id IS NULL
  AND (%(resident)s::integer IS NULL OR resident.id = %(resident)s)
ORDER BY resident.household_id, resident.id;

-- name: households_of_group
-- One row per household of a residential group where somebody lives, with when a helper was there on that day.
SELECT household.id, household.address, household.book_number, household.position, max(door_note.done_at)
FROM household
LEFT JOIN door_note ON door_note.household_id = household.id AND door_note.division_id = %(group)s
     AND door_note.on = %(on)s AND door_note.outcome IN ('done', 'kept')
WHERE household.division_id = %(group)s
  AND EXISTS (SELECT FROM resident WHERE resident.household_id = household.id AND resident.merged_into_id IS NULL)
GROUP BY household.id
ORDER BY household.position, household.id;

-- name: counts_of_groups
-- One row per residential group named: households and those where nobody lacks a card, residents, with an active card,
-- with one that waits, out of the count for their reason, still lacking; households where somebody was on that day.
WITH resides AS (
    SELECT id, division_id, household_id
    FROM resident
    WHERE division_id = ANY(%(groups)s) AND merged_into_id IS NULL
), record AS (
    SELECT id, id AS person_id FROM resides
    UNION ALL
    SELECT resident.id, resides.id FROM resides JOIN resident ON resident.merged_into_id = resides.id
), held AS (
    SELECT record.person_id, bool_or(card.status = %(active)s) AS is_active,
           bool_or(card.status = %(issued)s) AS is_waiting
    FROM record JOIN card ON card.resident_id = record.id
    WHERE card.status = ANY(%(live)s) AND card.expires_at > %(at)s
    GROUP BY record.person_id
), person AS (
    SELECT resides.division_id, resides.household_id,
           coalesce(held.is_active, false) AS is_active,
           held.is_waiting AND NOT held.is_active AS is_waiting,
           coalesce(standing.reason = ANY(%(out)s), false) AS is_out
    FROM resides
    LEFT JOIN held ON held.person_id = resides.id
    LEFT JOIN missing_reason AS standing ON standing.resident_id = resides.id AND standing.withdrawn_at IS NULL
), home AS (
    SELECT division_id, household_id, count(*) AS residents,
           count(*) FILTER (WHERE is_active) AS active,
           count(*) FILTER (WHERE is_waiting) AS waiting,
           count(*) FILTER (WHERE is_out) AS is_out,
           count(*) FILTER (WHERE NOT is_active AND NOT is_out) AS lacking
    FROM person GROUP BY division_id, household_id
), seen AS (
    SELECT division_id, count(DISTINCT household_id) AS visited
    FROM door_note
    WHERE division_id = ANY(%(groups)s) AND door_note.on = %(on)s AND outcome IN ('done', 'kept')
    GROUP BY division_id
)
SELECT home.division_id, count(home.household_id)::int,
       (count(home.household_id) FILTER (WHERE lacking = 0))::int,
       sum(residents)::int, sum(active)::int, sum(waiting)::int, sum(is_out)::int, sum(lacking)::int,
       coalesce(max(seen.visited), 0)::int
FROM home LEFT JOIN seen ON seen.division_id = home.division_id
GROUP BY home.division_id;

-- name: progress_of_helpers
-- One row per day and helper in those groups, latest day first: households visited, reasons noted, cards handed over.
SELECT door_note.on, staff_account.full_name, count(DISTINCT door_note.household_id)::int,
       (count(DISTINCT door_note.resident_id) FILTER (WHERE kind = 'reason'))::int,
       (count(*) FILTER (WHERE kind = 'hand_over'))::int
FROM door_note JOIN staff_account ON staff_account.id = door_note.actor_id
WHERE door_note.division_id = ANY(%(groups)s) AND door_note.on >= %(since)s AND outcome IN ('done', 'kept')
GROUP BY door_note.on, staff_account.id, staff_account.full_name
ORDER BY door_note.on DESC, staff_account.full_name, staff_account.id;

-- name: set_positions
-- Puts households in the order in which their numbers are given: 1, 2, 3, … within their group.
UPDATE household SET position = given.place
FROM unnest(%(households)s::integer[]) WITH ORDINALITY AS given(id, place)
WHERE household.id = given.id AND household.division_id = %(group)s;

-- name: lock_group
-- Lets one note after another into a group, so that two helpers who note at once see each other.
SELECT pg_advisory_xact_lock(hashtext('ksdb.outreach'), %(group)s);
