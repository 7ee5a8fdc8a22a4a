-- What belongs to devices that are not what they seem: copies of one another, registers, and devices whose first answer
-- was lost.

-- As visits have it: with it a scan is recognised that is sent again after the device's clock was set right.
ALTER TABLE refusal ADD COLUMN claimed_at timestamptz;

-- Devices of which there are two: another scan came under a number that one had used already.
CREATE TABLE device_copy (
    device_id integer PRIMARY KEY,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    kept_count bigint NOT NULL
);

-- Of scans whose numbers had arrived before: keeps those that are other scans than the ones stored under these numbers,
-- and returns their places. The same scan has the same time by its device's clock, however it was corrected; a number
-- whose scan is no longer in the log says nothing. A register's record may be set right later: that is no other record.
-- An index probe a scan; where that does not find it, the point's index entries once a device.
CREATE FUNCTION keep_copied_scans(scans jsonb) RETURNS integer[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    one record;
    kept integer[] := '{}';
BEGIN
    PERFORM FROM device_intake
    WHERE device_id IN (SELECT (scan ->> 'device_id')::integer FROM jsonb_array_elements(scans) AS scan)
    ORDER BY device_id FOR UPDATE;
    FOR one IN
        WITH given AS MATERIALIZED (
            SELECT scan.*, timestamptz 'epoch' + coalesce(claimed_ms, scanned_ms) * interval '1 millisecond' AS said_at
            FROM jsonb_to_recordset(scans) AS scan (
                place integer, device_id integer, sequence bigint, point_id integer, scanned_ms bigint,
                received_ms bigint, result smallint, card_index integer, resident_id integer, is_exit boolean,
                claimed_ms bigint, marks smallint, foreign_kind smallint, foreign_key text)
            JOIN device ON device.id = scan.device_id AND NOT device.is_register
        ), strange AS MATERIALIZED (
            SELECT * FROM given
            WHERE NOT EXISTS (
                SELECT FROM visit
                WHERE visit.point_id = given.point_id AND visit.scanned_at = given.said_at
                  AND visit.device_id = given.device_id AND visit.sequence = given.sequence
            )
        ), stored AS MATERIALIZED (
            SELECT asked.device_id, found.sequence, found.said_at
            FROM (
                SELECT point_id, device_id, array_agg(sequence) AS sequences FROM strange GROUP BY point_id, device_id
            ) AS asked
            CROSS JOIN LATERAL (
                SELECT visit.sequence, coalesce(visit.claimed_at, visit.scanned_at) AS said_at FROM visit
                WHERE visit.point_id = asked.point_id AND visit.device_id = asked.device_id
                  AND visit.sequence = ANY(asked.sequences)
                UNION ALL
                SELECT refusal.sequence, coalesce(refusal.claimed_at, refusal.scanned_at) FROM refusal
                WHERE refusal.point_id = asked.point_id AND refusal.device_id = asked.device_id
                  AND refusal.sequence = ANY(asked.sequences)
            ) AS found
        )
        SELECT strange.*, timestamptz 'epoch' + scanned_ms * interval '1 millisecond' AS scanned_at,
               timestamptz 'epoch' + received_ms * interval '1 millisecond' AS received_at,
               timestamptz 'epoch' + claimed_ms * interval '1 millisecond' AS claimed_at
        FROM strange
        WHERE EXISTS (SELECT FROM stored WHERE stored.device_id = strange.device_id AND stored.sequence = strange.sequence)
          AND NOT EXISTS (
              SELECT FROM stored
              WHERE stored.device_id = strange.device_id AND stored.sequence = strange.sequence
                AND stored.said_at IS NOT DISTINCT FROM strange.said_at
          )
        ORDER BY strange.place
    LOOP
        INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit,
                           received_at, marks, claimed_at)
        VALUES (one.point_id, one.scanned_at, one.device_id, one.sequence, one.card_index, one.resident_id, one.result,
                one.is_exit, one.received_at, one.marks, one.claimed_at)
        ON CONFLICT DO NOTHING;
        CONTINUE WHEN NOT FOUND;
        IF one.foreign_kind IS NOT NULL THEN
            INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, id_key)
            VALUES (one.point_id, one.scanned_at, one.device_id, one.sequence, one.foreign_kind,
                    decode(one.foreign_key, 'hex'));
        END IF;
        INSERT INTO device_copy (device_id, first_at, last_at, kept_count)
        VALUES (one.device_id, one.received_at, one.received_at, 1)
        ON CONFLICT (device_id) DO UPDATE
        SET last_at = excluded.last_at, kept_count = device_copy.kept_count + 1;
        kept := kept || one.place;
    END LOOP;
    RETURN kept;
END $$;

-- As before, and asked once more by the same device because the answer was lost on its way: within a quarter of an hour,
-- with the same nonce, and as long as nothing was sent with the first token, the device gets a new one in its place.
DROP FUNCTION redeem_enrol_code(bytea, bytea, text);
CREATE FUNCTION redeem_enrol_code(code_hash bytea, token_hash bytea, device_name text, nonce_hash bytea)
RETURNS TABLE (device_id integer, point_id integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    opened enrol_code;
    made integer;
BEGIN
    SELECT * INTO opened FROM enrol_code
    WHERE code_sha256 = code_hash AND expires_at > clock_timestamp()
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF opened.used_at IS NULL THEN
        INSERT INTO device (point_id, name, token_sha256, enrolled_at, is_register)
        VALUES (opened.point_id, left(device_name, 80), token_hash, clock_timestamp(), opened.is_register)
        RETURNING id INTO made;
        UPDATE enrol_code SET used_at = clock_timestamp(), device_id = made, nonce_sha256 = nonce_hash
        WHERE id = opened.id;
    ELSIF opened.nonce_sha256 = nonce_hash AND opened.used_at > clock_timestamp() - interval '15 minutes' THEN
        UPDATE device SET token_sha256 = token_hash
        WHERE id = opened.device_id AND revoked_at IS NULL
          AND NOT EXISTS (SELECT FROM device_intake WHERE device_intake.device_id = opened.device_id)
        RETURNING id INTO made;
    END IF;
    IF made IS NOT NULL THEN
        RETURN QUERY SELECT made, opened.point_id;
    END IF;
END $$;
