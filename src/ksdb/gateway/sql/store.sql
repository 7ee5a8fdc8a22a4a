-- name: store_scans
-- Stores a batch of scans, each (device, sequence) once, and says in one row how many of the batch's devices have their
-- intake row and which places of the batch (from 1) had arrived before. Nothing is stored unless all devices have it.
-- Devices are locked in order of number, so that two gateways never wait for each other in a circle. One index probe per
-- device and per scan.
WITH scan AS MATERIALIZED (
    SELECT *
    FROM unnest(%(device_id)s::integer[], %(sequence)s::bigint[], %(point_id)s::integer[], %(scanned_ms)s::bigint[],
                %(received_ms)s::bigint[], %(result)s::smallint[], %(card_index)s::integer[],
                %(resident_id)s::integer[], %(is_exit)s::boolean[], %(claimed_ms)s::bigint[], %(marks)s::smallint[],
                %(foreign_kind)s::smallint[], %(foreign_key)s::text[])
        WITH ORDINALITY AS given (device_id, sequence, point_id, scanned_ms, received_ms, result, card_index,
                                  resident_id, is_exit, claimed_ms, marks, foreign_kind, foreign_key, place)
), intake AS MATERIALIZED (
    SELECT device_id, received
    FROM device_intake
    WHERE device_id = ANY(%(devices)s::integer[])
    ORDER BY device_id
    FOR UPDATE
), asked AS MATERIALIZED (
    -- What arrived before of what is asked, once per device: of a device whose numbers are full of holes the multirange
    -- is megabytes, and unpacking it for every scan took a second a batch.
    SELECT device_id, sequences, received * sequences AS before
    FROM intake
    JOIN (
        SELECT device_id, range_agg(int8range(sequence, sequence, '[]')) AS sequences
        FROM scan
        GROUP BY device_id
    ) AS given USING (device_id)
), fresh AS MATERIALIZED (
    SELECT DISTINCT ON (device_id, sequence)
        scan.*, timestamptz 'epoch' + scanned_ms * interval '1 millisecond' AS scanned_at,
        timestamptz 'epoch' + received_ms * interval '1 millisecond' AS received_at,
        timestamptz 'epoch' + claimed_ms * interval '1 millisecond' AS claimed_at
    FROM scan JOIN asked USING (device_id)
    WHERE NOT before @> sequence
      AND (SELECT count(*) FROM intake) = cardinality(%(devices)s::integer[])
    ORDER BY device_id, sequence, place
), kept AS (
    INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at,
                       marks, claimed_at)
    SELECT point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at,
           marks, claimed_at
    FROM fresh
    WHERE result < 20
), stripped AS (
    INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, id_key)
    SELECT point_id, scanned_at, device_id, sequence, foreign_kind, decode(foreign_key, 'hex')
    FROM fresh
    WHERE result < 20 AND foreign_kind IS NOT NULL
), refused AS (
    INSERT INTO refusal (point_id, received_at, device_id, sequence, scanned_at, reason, card_index, claimed_at)
    SELECT point_id, received_at, device_id, sequence, scanned_at, result, card_index, claimed_at
    FROM fresh
    WHERE result >= 20
), noted AS (
    UPDATE device_intake
    SET received = device_intake.received + asked.sequences, seen_at = clock_timestamp()
    FROM asked
    WHERE device_intake.device_id = asked.device_id AND asked.device_id IN (SELECT device_id FROM fresh)
)
SELECT (SELECT count(*) FROM intake) AS devices_known,
       ARRAY(SELECT place FROM scan WHERE place NOT IN (SELECT place FROM fresh)) AS places_before;

-- name: keep_copies
-- One row: the places of those scans, whose numbers had arrived before, that are others than the stored ones and are kept
-- beside them now. An index probe a scan; the index of the point once for a device that is copied.
SELECT keep_copied_scans(%(scans)s::jsonb);

-- name: make_intakes
-- Gives each device its intake row if it has none. One index probe per device.
INSERT INTO device_intake (device_id)
SELECT device_id FROM unnest(%(devices)s::integer[]) AS given (device_id)
ORDER BY device_id
ON CONFLICT DO NOTHING;

-- name: make_partitions
-- Makes the partitions of the given days where they are missing.
SELECT ensure_partitions(on_day, on_day) FROM unnest(%(days)s::date[]) AS given (on_day);

-- name: cards_numbered
-- One row per card number given that a card has: the number and the card's index. One index probe a number.
SELECT number, index FROM card WHERE number = ANY(%(numbers)s);

-- name: note_states
-- Keeps what devices said of themselves, the latest of each. One index probe a device.
INSERT INTO device_state (device_id, told_at, clock_ahead_ms, app_version, battery_percent, waiting_count, scanned_count,
                          trust_serial, status_serial)
SELECT device_id, timestamptz 'epoch' + told_ms * interval '1 millisecond', ahead_ms, app_version, battery_percent,
       waiting_count, scanned_count, trust_serial, status_serial
FROM unnest(%(device_id)s::integer[], %(told_ms)s::bigint[], %(ahead_ms)s::bigint[], %(app_version)s::text[],
            %(battery_percent)s::smallint[], %(waiting_count)s::integer[], %(scanned_count)s::bigint[],
            %(trust_serial)s::bigint[], %(status_serial)s::bigint[])
    AS given (device_id, told_ms, ahead_ms, app_version, battery_percent, waiting_count, scanned_count, trust_serial,
              status_serial)
ORDER BY device_id
ON CONFLICT (device_id) DO UPDATE
SET told_at = excluded.told_at, clock_ahead_ms = excluded.clock_ahead_ms, app_version = excluded.app_version,
    battery_percent = excluded.battery_percent, waiting_count = excluded.waiting_count,
    scanned_count = excluded.scanned_count, trust_serial = excluded.trust_serial, status_serial = excluded.status_serial
WHERE device_state.told_at <= excluded.told_at;

-- name: note_heard
-- Devices asked for something: when that was, and nothing else of what they last said. One index probe a device.
INSERT INTO device_state (device_id, told_at, clock_ahead_ms, app_version)
SELECT device_id, timestamptz 'epoch' + told_ms * interval '1 millisecond', 0, ''
FROM unnest(%(device_id)s::integer[], %(told_ms)s::bigint[]) AS given (device_id, told_ms)
ORDER BY device_id
ON CONFLICT (device_id) DO UPDATE SET told_at = excluded.told_at WHERE device_state.told_at < excluded.told_at;

-- name: has_citus
-- One row: whether this database knows of logs that are spread over several servers (Citus).
SELECT to_regclass('pg_dist_partition') IS NOT NULL AS has_citus;

-- name: is_spread
-- One row: whether the log is spread, where nothing may be written inside a WITH. Only where Citus is: the extension alone
-- does not say so, and before `ksdb spread` the log lies in one place.
SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'visit'::regclass) AS is_spread;

-- name: lock_intakes
-- The first of the steps that together do what store_scans does, for a log spread over servers: locks the devices' intake
-- rows in order of number and says in one row how many of them there are and which places had arrived before.
WITH scan AS MATERIALIZED (
    SELECT *
    FROM unnest(%(device_id)s::integer[], %(sequence)s::bigint[])
        WITH ORDINALITY AS given (device_id, sequence, place)
), intake AS MATERIALIZED (
    SELECT device_id, received
    FROM device_intake
    WHERE device_id = ANY(%(devices)s::integer[])
    ORDER BY device_id
    FOR UPDATE
), asked AS MATERIALIZED (
    SELECT device_id, received * sequences AS before
    FROM intake
    JOIN (
        SELECT device_id, range_agg(int8range(sequence, sequence, '[]')) AS sequences
        FROM scan
        GROUP BY device_id
    ) AS given USING (device_id)
), fresh AS (
    SELECT DISTINCT ON (device_id, sequence) place
    FROM scan JOIN asked USING (device_id)
    WHERE NOT before @> sequence
    ORDER BY device_id, sequence, place
)
SELECT (SELECT count(*) FROM intake) AS devices_known,
       ARRAY(SELECT place FROM scan WHERE place NOT IN (SELECT place FROM fresh)) AS places_before;

-- name: put_visits
-- Of scans that are all fresh, those that are visits. Goes to the servers of their points.
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at,
                   marks, claimed_at)
SELECT point_id, timestamptz 'epoch' + scanned_ms * interval '1 millisecond', device_id, sequence, card_index, resident_id,
       result, is_exit, timestamptz 'epoch' + received_ms * interval '1 millisecond', marks,
       timestamptz 'epoch' + claimed_ms * interval '1 millisecond'
FROM unnest(%(point_id)s::integer[], %(scanned_ms)s::bigint[], %(device_id)s::integer[], %(sequence)s::bigint[],
            %(card_index)s::integer[], %(resident_id)s::integer[], %(result)s::smallint[], %(is_exit)s::boolean[],
            %(received_ms)s::bigint[], %(marks)s::smallint[], %(claimed_ms)s::bigint[])
    AS given (point_id, scanned_ms, device_id, sequence, card_index, resident_id, result, is_exit, received_ms, marks,
              claimed_ms)
WHERE result < 20;

-- name: put_foreign_scans
-- Of scans that are all fresh, the keyed hashes of other systems' codes.
INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, id_key)
SELECT point_id, timestamptz 'epoch' + scanned_ms * interval '1 millisecond', device_id, sequence, foreign_kind,
       decode(foreign_key, 'hex')
FROM unnest(%(point_id)s::integer[], %(scanned_ms)s::bigint[], %(device_id)s::integer[], %(sequence)s::bigint[],
            %(result)s::smallint[], %(foreign_kind)s::smallint[], %(foreign_key)s::text[])
    AS given (point_id, scanned_ms, device_id, sequence, result, foreign_kind, foreign_key)
WHERE result < 20 AND foreign_kind IS NOT NULL;

-- name: put_refusals
-- Of scans that are all fresh, those that are refused.
INSERT INTO refusal (point_id, received_at, device_id, sequence, scanned_at, reason, card_index, claimed_at)
SELECT point_id, timestamptz 'epoch' + received_ms * interval '1 millisecond', device_id, sequence,
       timestamptz 'epoch' + scanned_ms * interval '1 millisecond', result, card_index,
       timestamptz 'epoch' + claimed_ms * interval '1 millisecond'
FROM unnest(%(point_id)s::integer[], %(scanned_ms)s::bigint[], %(device_id)s::integer[], %(sequence)s::bigint[],
            %(card_index)s::integer[], %(result)s::smallint[], %(received_ms)s::bigint[], %(claimed_ms)s::bigint[])
    AS given (point_id, scanned_ms, device_id, sequence, card_index, result, received_ms, claimed_ms)
WHERE result >= 20;

-- name: note_intakes
-- The last step: these scans have arrived. The intake rows are locked already.
UPDATE device_intake
SET received = device_intake.received + added.sequences, seen_at = clock_timestamp()
FROM (
    SELECT device_id, range_agg(int8range(sequence, sequence, '[]')) AS sequences
    FROM unnest(%(device_id)s::integer[], %(sequence)s::bigint[]) AS given (device_id, sequence)
    GROUP BY device_id
) AS added
WHERE device_intake.device_id = added.device_id;
