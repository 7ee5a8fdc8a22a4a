-- name: store_scans
-- Stores a batch of scans, each (device, sequence) once, and says in one row how many of the batch's devices have their
-- intake row and which places of the batch (from 1) had arrived before. Nothing is stored unless all devices have it.
-- Devices are locked in order of number, so that two gateways never wait for each other in a circle. One index probe per
-- device and per scan.
WITH scan AS MATERIALIZED (
    SELECT *
    FROM unnest(%(device_id)s::integer[], %(sequence)s::bigint[], %(point_id)s::integer[], %(scanned_ms)s::bigint[],
                %(received_ms)s::bigint[], %(result)s::smallint[], %(card_index)s::integer[],
                %(resident_id)s::integer[], %(is_exit)s::boolean[])
        WITH ORDINALITY AS given (device_id, sequence, point_id, scanned_ms, received_ms, result, card_index,
                                  resident_id, is_exit, place)
), intake AS MATERIALIZED (
    SELECT device_id, received
    FROM device_intake
    WHERE device_id = ANY(%(devices)s::integer[])
    ORDER BY device_id
    FOR UPDATE
), fresh AS MATERIALIZED (
    SELECT DISTINCT ON (device_id, sequence)
        scan.*, timestamptz 'epoch' + scanned_ms * interval '1 millisecond' AS scanned_at,
        timestamptz 'epoch' + received_ms * interval '1 millisecond' AS received_at
    FROM scan JOIN intake USING (device_id)
    WHERE NOT received @> sequence
      AND (SELECT count(*) FROM intake) = cardinality(%(devices)s::integer[])
    ORDER BY device_id, sequence, place
), kept AS (
    INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at)
    SELECT point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit, received_at
    FROM fresh
    WHERE result < 20
), refused AS (
    INSERT INTO refusal (point_id, received_at, device_id, sequence, scanned_at, reason, card_index)
    SELECT point_id, received_at, device_id, sequence, scanned_at, result, card_index
    FROM fresh
    WHERE result >= 20
), noted AS (
    UPDATE device_intake
    SET received = device_intake.received + added.sequences, seen_at = clock_timestamp()
    FROM (
        SELECT device_id, range_agg(int8range(sequence, sequence, '[]')) AS sequences
        FROM fresh
        GROUP BY device_id
    ) AS added
    WHERE device_intake.device_id = added.device_id
)
SELECT (SELECT count(*) FROM intake) AS devices_known,
       ARRAY(SELECT place FROM scan WHERE place NOT IN (SELECT place FROM fresh)) AS places_before;

-- name: make_intakes
-- Gives each device its intake row if it has none. One index probe per device.
INSERT INTO device_intake (device_id)
SELECT device_id FROM unnest(%(devices)s::integer[]) AS given (device_id)
ORDER BY device_id
ON CONFLICT DO NOTHING;

-- name: make_partitions
-- Makes the partitions of the given days where they are missing.
SELECT ensure_partitions(on_day, on_day) FROM unnest(%(days)s::date[]) AS given (on_day);
