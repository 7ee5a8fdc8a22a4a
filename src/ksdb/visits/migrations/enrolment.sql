-- What the gateway may do to devices, and no more: each function does one thing for whoever holds the right secret.

-- Lets a device in with a code that is open: marks the code as used, once, and writes the device down with the hash of
-- its token. No row when there is no such code, or it was used, or its day is over.
CREATE FUNCTION redeem_enrol_code(code_hash bytea, token_hash bytea, device_name text)
RETURNS TABLE (device_id integer, point_id integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    opened enrol_code;
    made integer;
BEGIN
    SELECT * INTO opened FROM enrol_code
    WHERE code_sha256 = code_hash AND used_at IS NULL AND expires_at > clock_timestamp()
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO device (point_id, name, token_sha256, enrolled_at)
    VALUES (opened.point_id, left(device_name, 80), token_hash, clock_timestamp())
    RETURNING id INTO made;
    UPDATE enrol_code SET used_at = clock_timestamp(), device_id = made WHERE id = opened.id;
    RETURN QUERY SELECT made, opened.point_id;
END $$;

-- Notes the token that a device wants in place of its own. The old one works until the new one is used.
CREATE FUNCTION offer_device_token(device_number integer, next_hash bytea) RETURNS boolean
LANGUAGE sql AS $$
    UPDATE device SET next_token_sha256 = next_hash WHERE id = device_number AND revoked_at IS NULL RETURNING true
$$;

-- The new token was used: from now on it is the only one.
CREATE FUNCTION settle_device_token(device_number integer, next_hash bytea) RETURNS boolean
LANGUAGE sql AS $$
    UPDATE device SET token_sha256 = next_token_sha256, next_token_sha256 = NULL
    WHERE id = device_number AND next_token_sha256 = next_hash AND revoked_at IS NULL RETURNING true
$$;
