-- How many days are kept, written by the owner from its settings (`ksdb migrate`, `ksdb up`), and a drop_partition that
-- holds to it: a day inside the retention goes by an act of two persons only, whoever calls.

CREATE TABLE log_retention (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    kept_days integer NOT NULL CHECK (kept_days BETWEEN 1 AND 3650)
);
INSERT INTO log_retention (kept_days) VALUES (28);

CREATE OR REPLACE FUNCTION drop_partition(part text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    on_day date;
    first_kept date;
BEGIN
    SELECT day INTO on_day FROM log_partition WHERE name = part;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a day partition';
    END IF;
    SELECT (clock_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - kept_days INTO STRICT first_kept
    FROM log_retention;
    IF on_day >= first_kept AND NOT EXISTS (
        SELECT FROM two_person_act
        WHERE kind = 'day_delete' AND decision = 'approved' AND outcome = '' AND decided_by_id <> requested_by_id
          AND decided_at > clock_timestamp() - interval '1 day'
          AND (payload ->> 'day') = to_char(on_day, 'YYYYMMDD')
    ) THEN
        RAISE EXCEPTION 'this day is kept until %: deleting it earlier needs an act of two persons',
            on_day + (current_date - first_kept) USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE %I', part);
END $$;
