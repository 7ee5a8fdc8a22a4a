-- A merged record is counted by the record that counts, with its cards (decision 044).
CREATE OR REPLACE FUNCTION coverage_includes(one resident) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT one.merged_into_id IS NULL
$$;

-- The rest of coverage_state stays as reporting.sql has it: only where the cards of a person come from is another.
DO $$
DECLARE
    before text := pg_get_functiondef('coverage_state(timestamptz)'::regprocedure);
    after text := replace(before, 'FROM card WHERE card.resident_id = resident.id', 'FROM (
            SELECT own.* FROM card own WHERE own.resident_id = resident.id
            UNION ALL
            SELECT other.* FROM resident record JOIN card other ON other.resident_id = record.id
            WHERE record.merged_into_id = resident.id
        ) card');
BEGIN
    ASSERT before <> after, 'coverage_state is not as this migration knows it';
    EXECUTE after;
END $$;

CREATE OR REPLACE FUNCTION tell_coverage_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id)
    SELECT DISTINCT coalesce(resident.merged_into_id, resident.id)
    FROM new_rows JOIN resident ON resident.id = new_rows.resident_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION tell_coverage_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id)
    SELECT DISTINCT coalesce(resident.merged_into_id, old_rows.resident_id)
    FROM old_rows LEFT JOIN resident ON resident.id = old_rows.resident_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION tell_coverage_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id)
    SELECT coalesce(resident.merged_into_id, changed.resident_id)
    FROM (SELECT resident_id FROM new_rows UNION SELECT resident_id FROM old_rows) changed
    LEFT JOIN resident ON resident.id = changed.resident_id
    GROUP BY 1;
    RETURN NULL;
END $$;
