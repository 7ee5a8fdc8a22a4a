-- name: lock_registry
-- Nothing; until the transaction ends, no other import writes, so that what was looked up stays true.
SELECT pg_advisory_xact_lock(hashtext('ksdb.registry'));

-- name: look_up_by_index
-- One row; until the transaction ends the planner probes indexes. While a first list fills empty tables its figures are
-- of no rows, and it would read the whole table for each chunk.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true);

-- name: try_lock_import
-- One row: whether this session now runs the import, and nobody else does.
SELECT pg_try_advisory_lock(hashtext('ksdb.registry.import'), %(import_id)s::int);

-- name: unlock_import
-- One row: whether the import was locked by this session.
SELECT pg_advisory_unlock(hashtext('ksdb.registry.import'), %(import_id)s::int);

-- name: ensure_households
-- Nothing; afterwards each (division, book number, address key) has a household, and an address where the list says one.
INSERT INTO household (division_id, book_number, address_key, address, position)
SELECT division, book_number, address_key, address, position
FROM unnest(
    %(divisions)s::int[], %(book_numbers)s::text[], %(address_keys)s::text[], %(addresses)s::text[], %(positions)s::int[]
) AS given (division, book_number, address_key, address, position)
ON CONFLICT (division_id, book_number, address_key) DO UPDATE SET address = excluded.address
WHERE household.address = '' AND excluded.address <> '';

-- name: household_ids
-- One row per household that exists: division, book number, address key, id. One index scan each.
SELECT household.division_id, household.book_number, household.address_key, household.id
FROM unnest(%(divisions)s::int[], %(book_numbers)s::text[], %(address_keys)s::text[])
    AS given (division, book_number, address_key)
JOIN household ON household.division_id = given.division AND household.book_number = given.book_number
    AND household.address_key = given.address_key;

-- name: without_household
-- One row per resident of these who has no household: the id.
SELECT resident.id FROM resident WHERE resident.id = ANY (%(ids)s::int[]) AND resident.household_id IS NULL;

-- name: give_households
-- Nothing; residents who had no household have the one given.
UPDATE resident SET household_id = given.household
FROM unnest(%(ids)s::int[], %(households)s::int[]) AS given (id, household)
WHERE resident.id = given.id AND resident.household_id IS NULL;

-- name: registered_by_id_number
-- One row per resident with one of these ID numbers; of a merged record with the id of the one that counts, and the
-- names and years of all records of the person. Four index scans each.
SELECT coalesce(person.id, resident.id), resident.division_id, coalesce(household.book_number, ''), resident.search_key,
    resident.sort_key, resident.birth_year, resident.born_on, resident.id_number_key,
    CASE WHEN person.id IS NULL THEN resident.phone_key ELSE person.phone_key END IS NOT NULL,
    CASE WHEN person.id IS NULL THEN resident.old_id_number_key ELSE person.old_id_number_key END IS NOT NULL,
    resident.source_id, resident.source_row,
    ARRAY(SELECT record.search_key || ' ' || record.birth_year FROM resident AS record
          WHERE record.id = coalesce(person.id, resident.id) OR record.merged_into_id = coalesce(person.id, resident.id))
FROM resident LEFT JOIN household ON household.id = resident.household_id
LEFT JOIN resident AS person ON person.id = resident.merged_into_id
WHERE resident.id_number_key = ANY (%(keys)s::bytea[]);

-- name: registered_in_households
-- One row per resident of these households; of a merged record with the id of the one that counts. Two index scans each.
SELECT coalesce(person.id, resident.id), resident.division_id, coalesce(household.book_number, ''), resident.search_key,
    resident.sort_key, resident.birth_year, resident.born_on, coalesce(resident.id_number_key, person.id_number_key),
    CASE WHEN person.id IS NULL THEN resident.phone_key ELSE person.phone_key END IS NOT NULL,
    CASE WHEN person.id IS NULL THEN resident.old_id_number_key ELSE person.old_id_number_key END IS NOT NULL,
    resident.source_id, resident.source_row
FROM unnest(%(divisions)s::int[], %(book_numbers)s::text[]) AS given (division, book_number)
JOIN household ON household.division_id = given.division AND household.book_number = given.book_number
JOIN resident ON resident.household_id = household.id
LEFT JOIN resident AS person ON person.id = resident.merged_into_id;

-- name: registered_without_household
-- One row per resident of these groups without a household number whose folded name is one of these.
SELECT coalesce(person.id, resident.id), resident.division_id, '', resident.search_key,
    resident.sort_key, resident.birth_year, resident.born_on, coalesce(resident.id_number_key, person.id_number_key),
    CASE WHEN person.id IS NULL THEN resident.phone_key ELSE person.phone_key END IS NOT NULL,
    CASE WHEN person.id IS NULL THEN resident.old_id_number_key ELSE person.old_id_number_key END IS NOT NULL,
    resident.source_id, resident.source_row
FROM resident LEFT JOIN resident AS person ON person.id = resident.merged_into_id
LEFT JOIN household ON household.id = resident.household_id
WHERE coalesce(household.book_number, '') = '' AND resident.division_id = ANY (%(divisions)s::int[])
    AND resident.search_key = ANY (%(names)s::text[]);

-- name: complete_residents
-- Nothing; ID numbers, papers, old numbers and phones that were missing are there. What was there stays.
UPDATE resident SET
    id_number_sealed = coalesce(resident.id_number_sealed, given.id_number_sealed),
    id_number_key = coalesce(resident.id_number_key, given.id_number_key),
    phone_sealed = coalesce(resident.phone_sealed, given.phone_sealed),
    phone_key = coalesce(resident.phone_key, given.phone_key),
    id_number_end = CASE WHEN resident.id_number_key IS NULL THEN given.id_number_end ELSE resident.id_number_end END,
    phone_end = CASE WHEN resident.phone_key IS NULL THEN given.phone_end ELSE resident.phone_end END,
    id_document = CASE WHEN resident.id_number_key IS NULL THEN given.document ELSE resident.id_document END,
    nationality = CASE WHEN resident.id_number_key IS NULL AND given.nationality <> '' THEN given.nationality
        ELSE resident.nationality END,
    old_id_number_key = coalesce(resident.old_id_number_key, given.old_key)
FROM unnest(
    %(ids)s::int[], %(id_numbers)s::bytea[], %(id_number_keys)s::bytea[], %(phones)s::bytea[], %(phone_keys)s::bytea[],
    %(id_number_ends)s::bigint[], %(phone_ends)s::bigint[], %(documents)s::text[], %(nationalities)s::text[],
    %(old_keys)s::bytea[]
) AS given (
    id, id_number_sealed, id_number_key, phone_sealed, phone_key, id_number_end, phone_end, document, nationality, old_key)
WHERE resident.id = given.id;

-- name: last_resident
-- One row: the highest number of a resident, 0 when there is none. One index probe.
SELECT coalesce(max(id), 0) FROM resident;

-- name: residents_of_rows
-- One row per resident that the import made since: the row of its file, the id. Reads those alone.
SELECT source_row, id FROM resident WHERE id > %(last_before)s AND source_id = %(source)s;

-- name: keep_claims
-- Nothing; each of these residents has the number beside the record, once.
INSERT INTO claimed_number (resident_id, number_sealed, number_key, source_id, source_row, claimed_at)
SELECT id, number, key, %(source)s, row, %(at)s
FROM unnest(%(ids)s::int[], %(numbers)s::bytea[], %(keys)s::bytea[], %(rows)s::int[]) AS given (id, number, key, row)
ON CONFLICT (resident_id, number_key) DO NOTHING;

-- name: guardians_within
-- One row per number that somebody of the division bears: the key, the record that counts. Three index probes each.
SELECT bearer.id_number_key, coalesce(bearer.merged_into_id, bearer.id)
FROM resident AS bearer
JOIN division_containment AS inside ON inside.inner_id = bearer.division_id AND inside.outer_id = %(division)s
WHERE bearer.id_number_key = ANY (%(keys)s::bytea[]);

-- name: give_guardians
-- Nothing; residents who had no guardian have the one given.
UPDATE resident SET guardian_id = given.guardian
FROM unnest(%(ids)s::int[], %(guardians)s::int[]) AS given (id, guardian)
WHERE resident.id = given.id AND resident.guardian_id IS NULL;

-- name: analyze_registry
-- Nothing; the planner knows the tables again after many rows came in.
ANALYZE household, resident;
