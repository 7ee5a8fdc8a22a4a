-- Scans of other systems' codes find their residents. What the device sent lies here for a minute; then it is replaced by
-- the hash of it that the registry keeps, which nobody without the registry's own key can undo or make.
ALTER TABLE foreign_scan
    ALTER COLUMN id_key DROP NOT NULL,
    ADD COLUMN scan_key bytea,
    ADD COLUMN matched_at timestamptz;
COMMENT ON COLUMN foreign_scan.id_key IS 'as the device sent it, until scan_key is made of it';
COMMENT ON COLUMN foreign_scan.matched_at IS 'since when the visit has its resident';
CREATE INDEX foreign_scan_fresh ON foreign_scan (id_key) WHERE id_key IS NOT NULL;
CREATE INDEX foreign_scan_unmatched ON foreign_scan (scan_key) WHERE matched_at IS NULL;
CREATE INDEX foreign_scan_matched ON foreign_scan (matched_at) WHERE matched_at IS NOT NULL;

-- Puts the registry's hash in place of each device's hash; how many scans that are.
CREATE FUNCTION rekey_foreign_scans(sent bytea[], made bytea[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    UPDATE foreign_scan SET scan_key = given.made, id_key = NULL
    FROM unnest(sent, made) AS given (sent, made)
    WHERE foreign_scan.id_key = given.sent;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- Gives their resident to the visits whose code has one of these keys and that have none; how many there were. It takes no
-- resident from its caller: the keys alone say who it is. The one change that a visit ever sees. Row by row, because
-- a spread log takes no writes inside a WITH.
CREATE FUNCTION match_foreign_scans(keys bytea[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    matched integer := 0;
BEGIN
    FOR one IN
        SELECT scan.point_id, scan.scanned_at, scan.device_id, scan.sequence, known.resident_id
        FROM foreign_scan scan JOIN resident_scan_key known ON known.key = scan.scan_key
        WHERE scan.scan_key = ANY(keys) AND scan.matched_at IS NULL
    LOOP
        UPDATE visit SET resident_id = one.resident_id
        WHERE point_id = one.point_id AND scanned_at = one.scanned_at AND device_id = one.device_id
          AND sequence = one.sequence AND resident_id IS NULL AND marks & 2 <> 0;
        UPDATE foreign_scan SET matched_at = clock_timestamp()
        WHERE point_id = one.point_id AND scanned_at = one.scanned_at AND device_id = one.device_id
          AND sequence = one.sequence;
        matched := matched + 1;
    END LOOP;
    RETURN matched;
END $$;
