-- name: redeem_code
-- The device that the open code of this hash lets in, written down with its token's hash, and its point; the same device
-- again when the same nonce asks again. No row when the code is not open. One index probe.
SELECT device_id, point_id FROM redeem_enrol_code(%(code)s, %(token)s, %(name)s, %(nonce)s);

-- name: spend_guess
-- One row: whether this network may try a code, counted for all gateways together. Two index probes.
SELECT spend_enrol_guess(%(network)s, %(per_minute)s::real, %(burst)s::real, %(all_per_minute)s::real) AS is_allowed;

-- name: give_back_guess
-- The code was right: the guess does not count. Two index probes.
SELECT give_back_enrol_guess(%(network)s) AS is_done;

-- name: offer_token
-- Notes the hash of the token that the device asked for; null when it was revoked. One index probe.
SELECT offer_device_token(%(device)s, %(next)s) AS is_done;

-- name: settle_token
-- The token that was offered becomes the only one; null when it is already. One index probe.
SELECT settle_device_token(%(device)s, %(next)s) AS is_done;

-- name: point_settings
-- What a device is told of its point. One index probe.
SELECT id, name, type_id AS type, to_char(opens_at, 'HH24:MI') AS opens_at, to_char(closes_at, 'HH24:MI') AS closes_at,
       usual_stay_minutes, capacity, lanes, is_exit_scanned
FROM scan_point WHERE id = %(point)s;
