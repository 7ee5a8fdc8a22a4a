-- What is said of a day before it is dropped, and the dropping of one day's partition.

DROP FUNCTION drop_partitions_before(date);

-- The day partitions of both logs: name, the log, its day, and how many rows the database believes are in it.
CREATE VIEW log_partition AS
SELECT child.relname::text AS name, parent.relname::text AS log,
       to_date(right(child.relname, 8), 'YYYYMMDD') AS day,
       greatest(child.reltuples::bigint, pg_stat_get_live_tuples(child.oid), 0) AS estimate
FROM pg_inherits
JOIN pg_class child ON child.oid = inhrelid
JOIN pg_class parent ON parent.oid = inhparent
WHERE parent.relname IN ('visit', 'refusal') AND child.relkind = 'r';

-- Locks a partition against writers and says what it holds: rows, first and last instant, and the SHA-256 of its primary
-- keys in order (point, instant, device, sequence, as 4, 8, 4 and 8 bytes). Whoever holds a copy can prove what was dropped.
CREATE FUNCTION partition_proof(part text)
RETURNS TABLE (row_count bigint, first_at timestamptz, last_at timestamptz, keys_sha256 text)
LANGUAGE plpgsql AS $$
DECLARE
    instant text;
BEGIN
    SELECT CASE log WHEN 'visit' THEN 'scanned_at' ELSE 'received_at' END INTO STRICT instant
    FROM log_partition WHERE name = part;
    EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', part);
    RETURN QUERY EXECUTE format(
        'SELECT count(*), min(%1$I), max(%1$I), encode(sha256(coalesce(string_agg('
        'int4send(point_id) || timestamptz_send(%1$I) || int4send(device_id) || int8send(sequence), '''' '
        'ORDER BY point_id, %1$I, device_id, sequence), '''')), ''hex'') FROM %2$I', instant, part);
END $$;

-- Drops one day partition of a log; anything else is refused.
CREATE FUNCTION drop_partition(part text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM log_partition WHERE name = part;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a day partition';
    END IF;
    EXECUTE format('DROP TABLE %I', part);
END $$;
