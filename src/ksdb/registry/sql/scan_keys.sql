-- name: alone_with_scan_keys
-- Nothing, when nobody else is filling or matching keys: whoever waited sees what the other committed.
SELECT pg_advisory_xact_lock(hashtext('ksdb.scan_keys'));

-- name: scan_key_versions
-- One row per key for devices that residents have keys under: its version, and the proof by which it is known again.
SELECT version, proof FROM scan_key_version;

-- name: note_scan_key_version
-- Nothing; the key counts from now on, and what was made under another one of its version is gone.
WITH replaced AS (DELETE FROM resident_scan_key WHERE version = %(version)s)
INSERT INTO scan_key_version (version, proof) VALUES (%(version)s, %(proof)s)
ON CONFLICT (version) DO UPDATE SET proof = excluded.proof;

-- name: want_all_scan_keys
-- Nothing; everybody with a number is to have keys made. Reads all residents.
INSERT INTO scan_key_wanted SELECT id FROM resident WHERE id_number_key IS NOT NULL ON CONFLICT DO NOTHING;

-- name: take_wanted_scan_keys
-- One row per resident whose keys are to be made, at most as many as asked for, who thereby waits no longer: the sealed
-- number, null where there is none or it is no citizen's. Index probes.
WITH taken AS (
    DELETE FROM scan_key_wanted
    WHERE resident_id IN (SELECT resident_id FROM scan_key_wanted ORDER BY resident_id LIMIT %(most)s)
    RETURNING resident_id
)
SELECT taken.resident_id, resident.id_number_sealed
FROM taken LEFT JOIN resident ON resident.id = taken.resident_id AND resident.id_document = '';

-- name: write_scan_keys
-- Nothing; the residents have these keys. One index probe each.
INSERT INTO resident_scan_key (resident_id, version, key)
SELECT * FROM unnest(%(residents)s::integer[], %(versions)s::smallint[], %(keys)s::bytea[])
ON CONFLICT (resident_id, version) DO UPDATE SET key = excluded.key;
