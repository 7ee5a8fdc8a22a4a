-- The visit log and its neighbours, which SQL owns and Django only reads.

CREATE TABLE visit (
    point_id integer NOT NULL,
    scanned_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    sequence bigint NOT NULL,
    card_index integer NOT NULL,
    resident_id integer,
    result smallint NOT NULL,
    is_exit boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (point_id, scanned_at, device_id, sequence)
) PARTITION BY RANGE (scanned_at);
CREATE INDEX visit_of_resident ON visit (resident_id, scanned_at) INCLUDE (point_id, is_exit);

CREATE TABLE refusal (
    point_id integer NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    device_id integer NOT NULL,
    sequence bigint NOT NULL,
    scanned_at timestamptz,
    reason smallint NOT NULL,
    card_index integer,
    PRIMARY KEY (point_id, received_at, device_id, sequence)
) PARTITION BY RANGE (received_at);

-- Which sequence numbers of a device have arrived: makes an upload idempotent, and its holes known. Narrow and hot,
-- so that its updates stay within their page.
CREATE TABLE device_intake (
    device_id integer PRIMARY KEY,
    received int8multirange NOT NULL DEFAULT '{}',
    seen_at timestamptz
) WITH (fillfactor = 50);

-- Makes the day partitions of both logs from first_on to last_on where they are missing. Days are those of the province.
CREATE FUNCTION ensure_partitions(first_on date, last_on date) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    made integer := 0;
    log_name text;
    on_day date;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ksdb.partitions'));
    FOREACH log_name IN ARRAY ARRAY['visit', 'refusal'] LOOP
        FOR on_day IN SELECT generate_series(first_on, last_on, interval '1 day')::date LOOP
            part := log_name || '_' || to_char(on_day, 'YYYYMMDD');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, log_name,
                    on_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh',
                    (on_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh');
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the day partitions of both logs before first_kept_on; returns their names.
CREATE FUNCTION drop_partitions_before(first_kept_on date) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    part text;
BEGIN
    FOR part IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        JOIN pg_class parent ON parent.oid = inhparent
        WHERE parent.relname IN ('visit', 'refusal') AND child.relkind = 'r'
          AND to_date(right(child.relname, 8), 'YYYYMMDD') < first_kept_on
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        RETURN NEXT part;
    END LOOP;
END $$;

CREATE TRIGGER device_told AFTER INSERT OR UPDATE OR DELETE ON device
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();
