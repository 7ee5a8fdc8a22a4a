-- name: seal_versions
-- One row per version of the seal key in use, with how many values it sealed. Reads every resident once.
SELECT get_byte(sealed, 0) AS version, count(*) AS values
FROM resident, LATERAL (VALUES (id_number_sealed), (phone_sealed)) AS given (sealed)
WHERE sealed IS NOT NULL
GROUP BY version
ORDER BY version;

-- name: sealed_with_others
-- One row per resident beyond a number who has a value sealed with another key than the newest, at most as many as
-- asked for, in the order of numbers. One pass over the residents, all batches together.
SELECT id, id_number_sealed, phone_sealed
FROM resident
WHERE id > %(after)s
  AND (get_byte(id_number_sealed, 0) <> %(newest)s OR get_byte(phone_sealed, 0) <> %(newest)s)
ORDER BY id
LIMIT %(most)s;

-- name: write_sealed_anew
-- Nothing; each value that is still as it was read is replaced. One index probe a resident.
UPDATE resident
SET id_number_sealed = given.id_number, phone_sealed = given.phone
FROM unnest(
    %(ids)s::int[], %(id_numbers)s::bytea[], %(phones)s::bytea[], %(old_id_numbers)s::bytea[], %(old_phones)s::bytea[]
) AS given (id, id_number, phone, old_id_number, old_phone)
WHERE resident.id = given.id
  AND resident.id_number_sealed IS NOT DISTINCT FROM given.old_id_number
  AND resident.phone_sealed IS NOT DISTINCT FROM given.old_phone;

-- name: sealed_sample
-- For each version of the seal key in use one resident's sealed ID number and its match key. Reads residents once.
SELECT DISTINCT ON (get_byte(id_number_sealed, 0)) id_number_sealed, id_number_key
FROM resident
WHERE id_number_sealed IS NOT NULL
ORDER BY get_byte(id_number_sealed, 0);
