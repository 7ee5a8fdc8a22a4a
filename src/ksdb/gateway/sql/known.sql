-- name: listen
-- No rows: from now on this connection hears which of card, device, issuer_key, trust_list and status_list was
-- written to, after each commit.
LISTEN ksdb_known;

-- name: cards_changed
-- One row: the watermark to ask from next time, and the cards changed at or after %(since)s in one packed value
-- (index, resident: 4 bytes each; status: 2; status_since: the lower 4 of its 8), null if there are none. One value, because
-- a million rows through a client that makes objects of each take seconds, and this takes half of one; narrow, because it
-- lies in the client's memory twice. From 0: a sequential scan; else one index scan.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS watermark,
       string_agg(int4send(index) || int4send(resident_id) || int2send(status::smallint)
                  || substring(int8send(greatest(0, floor(extract(epoch FROM status_since)))::bigint) FROM 5), '') AS packed
FROM card
WHERE changed_in >= %(since)s::xid8;

-- name: devices
-- One row per device that was ever enrolled: token hash, the hash of the token it was offered, number, point, and whether
-- it is revoked. A sequential scan.
SELECT token_sha256, next_token_sha256, id, point_id, revoked_at IS NOT NULL AS is_revoked
FROM device;

-- name: issuer_keys
-- One row per key; times in seconds since 1970. A retired key ends when it was retired. A handful of rows.
SELECT kid, public_key, usage, floor(extract(epoch FROM not_before))::bigint AS not_before,
       floor(extract(epoch FROM least(not_after, retired_at)))::bigint AS not_after
FROM issuer_key
ORDER BY kid;

-- name: trust_list
-- The newest trust list, or no row: serial and bytes as the root signed them. One index probe.
SELECT serial, signed FROM trust_list ORDER BY serial DESC LIMIT 1;

-- name: status_lists
-- The status lists from serial %(since)s on, oldest first: differences and head of each, the whole token of the newest.
-- An index scan.
SELECT serial, changes, head, token FROM status_list WHERE serial >= %(since)s ORDER BY serial;

-- name: migrations
-- The newest migration of each room that the gateway reads or writes tables of.
SELECT app, max(name) AS newest
FROM django_migrations
WHERE app = ANY(%(apps)s)
GROUP BY app;
