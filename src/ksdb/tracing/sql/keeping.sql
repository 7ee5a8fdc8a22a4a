-- name: case_proof
-- One row about a case before it is deleted: how many traces, contacts and co-presences, the first and the last instant of
-- them, and the SHA-256 of the numbers of the co-presences in order, 8 bytes each.
SELECT count(DISTINCT trace.id), count(DISTINCT contact.id), count(co_presence.id), min(co_presence.started_at),
       max(co_presence.ended_at),
       encode(sha256(coalesce(string_agg(int8send(co_presence.id), '' ORDER BY co_presence.id), '')), 'hex')
FROM trace
LEFT JOIN contact ON contact.trace_id = trace.id
LEFT JOIN co_presence ON co_presence.contact_id = contact.id
WHERE trace.case_id = %(case)s;

-- name: kept_counts
-- One row: open cases, the oldest of them, closed ones, the day on which the next of those goes, and stored contacts.
SELECT count(*) FILTER (WHERE closed_at IS NULL), min(opened_at) FILTER (WHERE closed_at IS NULL),
       count(*) FILTER (WHERE closed_at IS NOT NULL), min(closed_at + make_interval(days => profile.keep_days)),
       (SELECT count(*) FROM contact)
FROM case_record JOIN disease_profile profile ON profile.id = case_record.profile_id
