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
-- Nothing; afterwards each (division, book number) has a household, and an address where the list says one.
INSERT INTO household (division_id, book_number, address, position)
SELECT division, book_number, address, position
FROM unnest(%(divisions)s::int[], %(book_numbers)s::text[], %(addresses)s::text[], %(positions)s::int[])
    AS given (division, book_number, address, position)
ON CONFLICT (division_id, book_number) DO UPDATE SET address = excluded.address
WHERE household.address = '' AND excluded.address <> '';

-- name: household_ids
-- One row per household that exists: division, book number, id. One index scan each.
SELECT household.division_id, household.book_number, household.id
FROM unnest(%(divisions)s::int[], %(book_numbers)s::text[]) AS given (division, book_number)
JOIN household ON household.division_id = given.division AND household.book_number = given.book_number;

-- name: registered_by_id_number
-- One row per resident with one of these ID numbers. One index scan each.
SELECT resident.id, resident.division_id, coalesce(household.book_number, ''), resident.search_key, resident.sort_key,
    resident.birth_year, resident.born_on, resident.id_number_key, resident.phone_key IS NOT NULL, resident.source_id,
    resident.source_row
FROM resident LEFT JOIN household ON household.id = resident.household_id
WHERE resident.id_number_key = ANY (%(keys)s::bytea[]);

-- name: registered_in_households
-- One row per resident of these households. Two index scans each.
SELECT resident.id, resident.division_id, coalesce(household.book_number, ''), resident.search_key, resident.sort_key,
    resident.birth_year, resident.born_on, resident.id_number_key, resident.phone_key IS NOT NULL, resident.source_id,
    resident.source_row
FROM unnest(%(divisions)s::int[], %(book_numbers)s::text[]) AS given (division, book_number)
JOIN household ON household.division_id = given.division AND household.book_number = given.book_number
JOIN resident ON resident.household_id = household.id;

-- name: registered_without_household
-- One row per resident of these groups without a household whose folded name is one of these.
SELECT resident.id, resident.division_id, '', resident.search_key, resident.sort_key,
    resident.birth_year, resident.born_on, resident.id_number_key, resident.phone_key IS NOT NULL, resident.source_id,
    resident.source_row
FROM resident
WHERE resident.household_id IS NULL AND resident.division_id = ANY (%(divisions)s::int[])
    AND resident.search_key = ANY (%(names)s::text[]);

-- name: complete_residents
-- Nothing; ID numbers and phones that were missing are there. What was there stays.
UPDATE resident SET
    id_number_sealed = coalesce(resident.id_number_sealed, given.id_number_sealed),
    id_number_key = coalesce(resident.id_number_key, given.id_number_key),
    phone_sealed = coalesce(resident.phone_sealed, given.phone_sealed),
    phone_key = coalesce(resident.phone_key, given.phone_key)
FROM unnest(
    %(ids)s::int[], %(id_numbers)s::bytea[], %(id_number_keys)s::bytea[], %(phones)s::bytea[], %(phone_keys)s::bytea[]
) AS given (id, id_number_sealed, id_number_key, phone_sealed, phone_key)
WHERE resident.id = given.id;

-- name: analyze_registry
-- Nothing; the planner knows the tables again after many rows came in.
ANALYZE household, resident;
