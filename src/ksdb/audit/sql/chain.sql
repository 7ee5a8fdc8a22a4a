-- name: try_lock_chain
-- One row: whether this transaction alone may lengthen the chain, until it ends. Waits for nobody.
SELECT pg_try_advisory_xact_lock(hashtext('ksdb.audit'));

-- name: lock_chain
-- Nothing; this transaction alone may lengthen the chain, until it ends.
SELECT pg_advisory_xact_lock(hashtext('ksdb.audit'));

-- name: head
-- One row: position and hash of the last link; no row while there is none. One index probe.
SELECT position, hash FROM audit_link ORDER BY position DESC LIMIT 1;

-- name: unsealed
-- One row per entry that waits for its link, at most as many as asked for, in the order of numbers. Times in
-- microseconds since 1970, the address as text. Two index probes an entry, whatever the planner believes of a queue
-- that is mostly empty: OFFSET 0 keeps it from reading the whole trail.
SELECT entry.id, (extract(epoch FROM entry.at) * 1000000)::bigint AS at_us, entry.actor_id, entry.actor_name,
       entry.action, entry.subject, entry.subject_id, entry.purpose, entry.case_id,
       host(entry.address) AS address, entry.detail::text AS detail
FROM audit_unsealed AS waiting
CROSS JOIN LATERAL (SELECT * FROM audit_entry WHERE audit_entry.id = waiting.entry_id OFFSET 0) AS entry
ORDER BY waiting.entry_id
LIMIT %(most)s;

-- name: append_links
-- Nothing; the links are there, and their entries wait no longer. One index probe each.
WITH linked AS (DELETE FROM audit_unsealed WHERE entry_id = ANY (%(entries)s::bigint[]))
INSERT INTO audit_link (position, entry_id, previous_hash, hash)
SELECT *
FROM unnest(%(positions)s::bigint[], %(entries)s::bigint[], %(previous)s::bytea[], %(hashes)s::bytea[]);

-- name: links_after
-- One row per link beyond a position, at most as many as asked for, each with its entry as `unsealed` gives it, or
-- nulls where the entry is gone. One index scan, and one probe a link.
SELECT link.position, link.entry_id, link.previous_hash, link.hash,
       entry.id, (extract(epoch FROM entry.at) * 1000000)::bigint AS at_us, entry.actor_id, entry.actor_name,
       entry.action, entry.subject, entry.subject_id, entry.purpose, entry.case_id,
       host(entry.address) AS address, entry.detail::text AS detail
FROM audit_link AS link LEFT JOIN audit_entry AS entry ON entry.id = link.entry_id
WHERE link.position > %(position)s
ORDER BY link.position
LIMIT %(most)s;

-- name: entries_without_link
-- One row per entry that is neither linked nor waiting: somebody took it out of the queue. Reads both tables once.
SELECT entry.id
FROM audit_entry AS entry
WHERE NOT EXISTS (SELECT FROM audit_link AS link WHERE link.entry_id = entry.id)
  AND NOT EXISTS (SELECT FROM audit_unsealed AS waiting WHERE waiting.entry_id = entry.id)
ORDER BY entry.id;

-- name: waiting_and_gone
-- One row per entry that waited for its link and was removed before it had one.
SELECT waiting.entry_id
FROM audit_unsealed AS waiting
WHERE NOT EXISTS (SELECT FROM audit_entry AS entry WHERE entry.id = waiting.entry_id)
ORDER BY waiting.entry_id;
