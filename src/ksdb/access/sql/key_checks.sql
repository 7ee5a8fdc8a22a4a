-- name: key_checks
-- One row per key that this database was written with: name, and what proves that it is the one. A handful of rows.
SELECT name, value FROM key_check;

-- name: remember_key
-- Notes what proves a key, unless it is known.
INSERT INTO key_check (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT DO NOTHING;
