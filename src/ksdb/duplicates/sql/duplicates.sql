-- name: people
-- One row per record that counts, as the search for duplicates compares them. Reads the registry once. Keys are cut to
-- eight bytes; which number a record has is told by the length of what is sealed (29 bytes more than its digits).
SELECT resident.id, resident.search_key, resident.full_name,
    coalesce(resident.born_on - date '1850-01-01', -1), resident.birth_year,
    CASE resident.sex WHEN 'male' THEN 1 WHEN 'female' THEN 2 ELSE 0 END,
    coalesce(resident.household_id, 0), resident.division_id,
    CASE WHEN division.kind = 'group' THEN coalesce(division.parent_id, 0) ELSE resident.division_id END,
    CASE WHEN resident.id_document = '' THEN coalesce(octet_length(resident.id_number_sealed) - 29, 0) ELSE 0 END,
    coalesce(('x' || encode(substr(resident.id_number_key, 1, 8), 'hex'))::bit(64)::bigint, 0),
    coalesce(('x' || encode(substr(resident.old_id_number_key, 1, 8), 'hex'))::bit(64)::bigint, 0),
    coalesce(('x' || encode(substr(resident.phone_key, 1, 8), 'hex'))::bit(64)::bigint, 0),
    coalesce(claimed.holder, 0)
FROM resident JOIN division ON division.id = resident.division_id
LEFT JOIN (
    SELECT DISTINCT ON (claimed_number.resident_id) claimed_number.resident_id,
        coalesce(holder.merged_into_id, holder.id) AS holder
    FROM claimed_number JOIN resident AS holder ON holder.id_number_key = claimed_number.number_key
    ORDER BY claimed_number.resident_id, claimed_number.id DESC
) AS claimed ON claimed.resident_id = resident.id
WHERE resident.merged_into_id IS NULL;

-- name: store_pairs
-- Nothing; pairs that are new wait, pairs that wait have today's points and reasons, decided ones stay as they are.
INSERT INTO duplicate_pair (first_id, second_id, score, reasons, status, found_at)
SELECT first_id, second_id, score, reasons, 'waiting', %(at)s
FROM unnest(%(firsts)s::int[], %(seconds)s::int[], %(scores)s::int[], %(reasons)s::text[])
    AS given (first_id, second_id, score, reasons)
ON CONFLICT (first_id, second_id) DO UPDATE SET score = excluded.score, reasons = excluded.reasons
WHERE duplicate_pair.status = 'waiting'
    AND (duplicate_pair.score, duplicate_pair.reasons) IS DISTINCT FROM (excluded.score, excluded.reasons);

-- name: drop_pairs_not_found
-- Nothing; pairs that wait and were not found are gone, for their records were corrected: all of them after a search of
-- everybody, those of the changed records (not NULL) after a search of these.
-- Pairs with a merged record stay: the search does not see it, and the merge may be undone.
DELETE FROM duplicate_pair
USING resident AS one, resident AS other
WHERE duplicate_pair.status = 'waiting'
    AND one.id = duplicate_pair.first_id AND one.merged_into_id IS NULL
    AND other.id = duplicate_pair.second_id AND other.merged_into_id IS NULL
    AND duplicate_pair.second_id <= %(newest)s
    AND (%(changed)s::int[] IS NULL
        OR duplicate_pair.first_id = ANY (%(changed)s::int[]) OR duplicate_pair.second_id = ANY (%(changed)s::int[]))
    AND NOT EXISTS (
        SELECT FROM unnest(%(firsts)s::int[], %(seconds)s::int[]) AS found (first_id, second_id)
        WHERE found.first_id = duplicate_pair.first_id AND found.second_id = duplicate_pair.second_id);

-- name: lock_search
-- One row: whether this transaction now searches, and nobody else does.
SELECT pg_try_advisory_xact_lock(hashtext('ksdb.duplicates'));

-- name: lock_merges
-- Nothing; until the transaction ends, nobody else merges or undoes.
SELECT pg_advisory_xact_lock(hashtext('ksdb.duplicates.merge'));

-- name: take_changed
-- One row per record that changed since it was last compared; they are forgotten when the search commits.
WITH taken AS (DELETE FROM duplicate_changed RETURNING resident_id)
SELECT DISTINCT resident_id FROM taken;

-- name: newest_resident
-- One row: the number of the newest record, 0 when there is none. One index probe.
SELECT coalesce(max(id), 0) FROM resident;
