-- name: actors
-- One row per account that stands in the trail: its number and the sign-in name it last wrote under. Two index probes
-- an account, however long the trail.
WITH RECURSIVE actor AS (
    (SELECT min(actor_id) AS actor_id FROM audit_entry)
    UNION ALL
    SELECT (SELECT min(actor_id) FROM audit_entry WHERE audit_entry.actor_id > actor.actor_id)
    FROM actor
    WHERE actor.actor_id IS NOT NULL
)
SELECT actor.actor_id, latest.actor_name
FROM actor, LATERAL (
    SELECT actor_name FROM audit_entry WHERE audit_entry.actor_id = actor.actor_id ORDER BY id DESC LIMIT 1
) AS latest
WHERE actor.actor_id IS NOT NULL
ORDER BY latest.actor_name, actor.actor_id;

-- name: subjects
-- One row per kind of subject that stands in the trail. One index probe a kind, however long the trail.
WITH RECURSIVE kind AS (
    (SELECT min(subject) AS subject FROM audit_entry WHERE subject > '')
    UNION ALL
    SELECT (SELECT min(subject) FROM audit_entry WHERE audit_entry.subject > kind.subject)
    FROM kind
    WHERE kind.subject IS NOT NULL
)
SELECT subject FROM kind WHERE subject IS NOT NULL ORDER BY subject;

-- name: counts_by_purpose
-- One row per purpose of the entries in `[since, until)`: how many, by how many accounts, of how many residents. Reads
-- that time's entries once.
SELECT purpose, count(*) AS reads, count(DISTINCT actor_id) AS readers,
       count(DISTINCT subject_id) FILTER (WHERE subject = 'resident') AS residents
FROM audit_entry
WHERE purpose <> '' AND at >= %(since)s AND at < %(until)s
GROUP BY purpose
ORDER BY purpose;
