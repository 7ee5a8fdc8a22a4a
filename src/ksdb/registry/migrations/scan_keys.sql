-- A second blind index of ID numbers, for what scanners read in other systems' codes: for each number and each key that
-- devices were given, the hash under `match_key` of the hash a device makes. It lies apart from `resident`, whose rows are
-- wide and indexed many times.
CREATE TABLE resident_scan_key (
    resident_id integer NOT NULL,
    version smallint NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (resident_id, version)
);
CREATE INDEX resident_by_scan_key ON resident_scan_key (key);

-- Which keys for devices all residents have, or are about to have; the proof knows a key again and tells nothing of it.
CREATE TABLE scan_key_version (version smallint PRIMARY KEY, proof bytea NOT NULL);

-- Whose number has no such keys yet; empty but for moments.
CREATE TABLE scan_key_wanted (resident_id integer PRIMARY KEY);

CREATE FUNCTION want_scan_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scan_key_wanted SELECT id FROM fresh WHERE id_number_key IS NOT NULL ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER want_scan_keys AFTER INSERT ON resident
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION want_scan_keys();

-- A number that changes leaves no key of the old one behind.
CREATE FUNCTION want_scan_keys_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM resident_scan_key WHERE resident_id = new.id;
    INSERT INTO scan_key_wanted VALUES (new.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER want_scan_keys_of_one AFTER UPDATE OF id_number_key ON resident
FOR EACH ROW WHEN (old.id_number_key IS DISTINCT FROM new.id_number_key) EXECUTE FUNCTION want_scan_keys_of_one();

CREATE FUNCTION forget_scan_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM resident_scan_key WHERE resident_id = old.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_scan_keys AFTER DELETE ON resident FOR EACH ROW EXECUTE FUNCTION forget_scan_keys();

-- Who is registered already gets his keys at the worker's first look.
INSERT INTO scan_key_wanted SELECT id FROM resident WHERE id_number_key IS NOT NULL;
