-- name: device_hashes
-- One row per hash that came from a device and was not replaced yet, at most as many as asked for. One index scan a day.
SELECT DISTINCT id_key FROM foreign_scan WHERE id_key IS NOT NULL LIMIT %(most)s;

-- name: rekey_scans
-- One row: how many scans have the registry's hash in place of the device's now.
SELECT rekey_foreign_scans(%(sent)s::bytea[], %(made)s::bytea[]);

-- name: match_scans
-- One row: how many visits have their resident now, by these keys. One index probe a key and day, then one a visit.
SELECT match_foreign_scans(%(keys)s::bytea[]);

-- name: foreign_counts
-- One row per kind of code: how many scans of such codes are kept, and how many of them found their resident. Reads
-- foreign_scan, which is small beside the visits.
SELECT kind, count(*)::integer, count(matched_at)::integer FROM foreign_scan GROUP BY kind ORDER BY kind;
