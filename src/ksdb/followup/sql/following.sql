-- name: lock_follow_ups
-- Held until the end of the transaction: one at a time decides who is followed, so that nobody is followed twice.
SELECT pg_advisory_xact_lock(hashtext('ksdb.followup'));

-- name: homes_of
-- One row per resident: where the person lives, and the commune it is counted under: that of today which the home lies
-- wholly in, else the one of the register's own year.
SELECT resident.id, home.id, coalesce(
    (SELECT commune.id FROM division_containment JOIN division commune ON commune.id = division_containment.outer_id
     WHERE division_containment.inner_id = home.id AND commune.kind = 'commune'
       AND commune.valid_from <= %(on)s AND (commune.valid_to IS NULL OR commune.valid_to > %(on)s)
     ORDER BY commune.valid_from DESC LIMIT 1),
    CASE WHEN home.kind = 'group' THEN home.parent_id ELSE home.id END)
FROM resident JOIN division home ON home.id = resident.division_id
WHERE resident.id = ANY(%(residents)s);

-- name: without_source
-- The follow-ups of which no case is left: their cases were forgotten when their days were over.
SELECT follow_up.id FROM follow_up
WHERE NOT EXISTS (SELECT FROM follow_up_source WHERE follow_up_source.follow_up_id = follow_up.id)
