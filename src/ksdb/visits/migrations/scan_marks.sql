-- What a scan brings beside the visit: marks, the device's own time, codes of other systems, flags raised afterwards, and
-- how each device is doing.

ALTER TABLE visit
    ALTER COLUMN card_index DROP NOT NULL,
    ADD COLUMN marks smallint NOT NULL DEFAULT 0,
    ADD COLUMN claimed_at timestamptz;
COMMENT ON COLUMN visit.marks IS 'core.decision.Mark: typed, foreign code, clock corrected';
COMMENT ON COLUMN visit.claimed_at IS 'the time the device gave, where its clock was wrong and scanned_at is corrected';

-- Rows come in the order of their arrival, so that a few pages of this index find the latest minutes of the log.
CREATE INDEX visit_received ON visit USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);

-- A code of another system, as the device left it: the kind, and the keyed hash of the number in it.
CREATE TABLE foreign_scan (
    point_id integer NOT NULL,
    scanned_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    sequence bigint NOT NULL,
    kind smallint NOT NULL,
    id_key bytea NOT NULL,
    PRIMARY KEY (point_id, scanned_at, device_id, sequence)
) PARTITION BY RANGE (scanned_at);

-- What is odd about a visit. A flag never hides the visit; it stands beside it.
CREATE TABLE visit_flag (
    point_id integer NOT NULL,
    scanned_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    sequence bigint NOT NULL,
    flag smallint NOT NULL,
    measure integer NOT NULL,
    PRIMARY KEY (point_id, scanned_at, device_id, sequence, flag)
) PARTITION BY RANGE (scanned_at);

-- Up to which arrival the visits were looked at for flags.
CREATE TABLE flag_watermark (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    received_until timestamptz NOT NULL
);
INSERT INTO flag_watermark (received_until) VALUES (clock_timestamp());

-- What each device last said of itself. Written often, so narrow and apart from `device`.
CREATE TABLE device_state (
    device_id integer PRIMARY KEY,
    told_at timestamptz NOT NULL,
    app_version varchar(20) NOT NULL,
    battery_percent smallint,
    waiting_count integer,
    scanned_count bigint,
    clock_ahead_ms bigint NOT NULL,
    trust_serial bigint,
    status_serial bigint
) WITH (fillfactor = 50);

CREATE OR REPLACE FUNCTION ensure_partitions(first_on date, last_on date) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    made integer := 0;
    log_name text;
    on_day date;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ksdb.partitions'));
    FOREACH log_name IN ARRAY ARRAY['visit', 'refusal', 'foreign_scan', 'visit_flag'] LOOP
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

-- The days that the log has already get their partitions of the new tables.
SELECT ensure_partitions(day, day) FROM (SELECT DISTINCT day FROM log_partition) AS days;

CREATE OR REPLACE VIEW log_partition AS
SELECT child.relname::text AS name, parent.relname::text AS log,
       to_date(right(child.relname, 8), 'YYYYMMDD') AS day,
       greatest(child.reltuples::bigint, pg_stat_get_live_tuples(child.oid), 0) AS estimate
FROM pg_inherits
JOIN pg_class child ON child.oid = inhrelid
JOIN pg_class parent ON parent.oid = inhparent
WHERE parent.relname IN ('visit', 'refusal', 'foreign_scan', 'visit_flag') AND child.relkind = 'r';

CREATE OR REPLACE FUNCTION partition_proof(part text)
RETURNS TABLE (row_count bigint, first_at timestamptz, last_at timestamptz, keys_sha256 text)
LANGUAGE plpgsql AS $$
DECLARE
    instant text;
BEGIN
    SELECT CASE log WHEN 'refusal' THEN 'received_at' ELSE 'scanned_at' END INTO STRICT instant
    FROM log_partition WHERE name = part;
    EXECUTE format('LOCK TABLE %I IN EXCLUSIVE MODE', part);
    RETURN QUERY EXECUTE format(
        'SELECT count(*), min(%1$I), max(%1$I), encode(sha256(coalesce(string_agg('
        'int4send(point_id) || timestamptz_send(%1$I) || int4send(device_id) || int8send(sequence), '''' '
        'ORDER BY point_id, %1$I, device_id, sequence), '''')), ''hex'') FROM %2$I', instant, part);
END $$;
