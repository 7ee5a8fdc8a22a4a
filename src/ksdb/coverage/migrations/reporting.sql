-- The reporting schema: who has changed, what holds for one resident, and the sums that the pages read.

-- Whether somebody counts at all. Replace this function in a migration when the registry learns to set people aside.
CREATE FUNCTION coverage_includes(one resident) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT one.id IS NOT NULL $$;

-- What holds for each resident at a moment, from the rows as they are now. The three spans are half open, in days of
-- the province; one without an end still holds. Whoever is out of the count leaves issued and active with it.
CREATE FUNCTION coverage_state(moment timestamptz) RETURNS TABLE (
    resident_id integer, division_id integer, band smallint, sex varchar, reason varchar, is_issued boolean,
    forms smallint, counted_from date, counted_until date, issued_from date, issued_until date, active_from date,
    active_until date, due_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT resident.id, resident.division_id,
           width_bucket(
               (extract(year FROM moment AT TIME ZONE 'Asia/Ho_Chi_Minh'))::integer - resident.birth_year,
               ARRAY[6, 12, 18, 30, 45, 60, 75]
           )::smallint,
           resident.sex::varchar, coalesce(missing.reason, '')::varchar,
           coalesce(held.is_issued, false), coalesce(held.forms, 0)::smallint,
           CASE WHEN counted.is_span THEN counted.since END,
           CASE WHEN counted.is_span THEN counted.until END,
           CASE WHEN issued.is_span THEN issued.since END,
           CASE WHEN issued.is_span THEN issued.until END,
           CASE WHEN active.is_span THEN active.since END,
           CASE WHEN active.is_span THEN active.until END,
           held.due_at
    FROM resident
    LEFT JOIN missing_reason missing
        ON missing.resident_id = resident.id AND missing.withdrawn_at IS NULL
        AND missing.reason IN ('died', 'duplicate', 'moved', 'studies_elsewhere', 'works_away')
    LEFT JOIN LATERAL (
        SELECT bool_or(card.status IN (1, 2, 3, 6) AND card.expires_at > moment) AS is_issued,
               bit_or(CASE WHEN card.status = 2 AND card.expires_at > moment THEN 1 << (card.form - 1) ELSE 0 END)
                   AS forms,
               min(card.issued_at) AS issued_at,
               max(CASE WHEN card.status IN (1, 2, 3, 6) THEN card.expires_at
                        ELSE least(card.status_since, card.expires_at) END) AS issued_until,
               min(CASE WHEN card.status = 2 THEN coalesce(card.activated_at, card.status_since)
                        ELSE card.activated_at END) AS active_at,
               max(CASE WHEN card.status = 2 THEN card.expires_at
                        WHEN card.activated_at IS NOT NULL THEN least(card.status_since, card.expires_at) END)
                   AS active_until,
               min(card.expires_at) FILTER (WHERE card.status IN (1, 2, 3, 6) AND card.expires_at > moment) AS due_at
        FROM card WHERE card.resident_id = resident.id
    ) held ON true
    CROSS JOIN LATERAL (
        SELECT since, until, until IS NULL OR until > since AS is_span
        FROM (SELECT (resident.registered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS since,
                     least(missing.said_on, (missing.noted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS until) ends
    ) counted
    CROSS JOIN LATERAL (
        SELECT since, until, since IS NOT NULL AND (until IS NULL OR until > since) AND counted.is_span AS is_span
        FROM (SELECT CASE WHEN held.issued_at IS NOT NULL THEN
                         greatest(counted.since, (held.issued_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) END AS since,
                     least(counted.until, CASE WHEN NOT held.is_issued THEN
                         (held.issued_until AT TIME ZONE 'Asia/Ho_Chi_Minh')::date END) AS until) ends
    ) issued
    CROSS JOIN LATERAL (
        SELECT since, until, since IS NOT NULL AND (until IS NULL OR until > since) AND counted.is_span AS is_span
        FROM (SELECT CASE WHEN held.active_at IS NOT NULL THEN
                         greatest(counted.since, (held.active_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) END AS since,
                     least(counted.until, CASE WHEN held.forms = 0 THEN
                         (held.active_until AT TIME ZONE 'Asia/Ho_Chi_Minh')::date END) AS until) ends
    ) active
    WHERE coverage_includes(resident)
$$;

-- The sums as they follow from coverage_person: those of the nightly recount. A group's people stand in the row of the
-- group and in that of its commune.
CREATE VIEW coverage_placed AS
    SELECT person.*, place.id AS place
    FROM coverage_person person
    JOIN division own ON own.id = person.division_id
    CROSS JOIN LATERAL (VALUES (own.id), (CASE WHEN own.kind = 'group' THEN own.parent_id END)) place (id)
    WHERE place.id IS NOT NULL;

CREATE VIEW coverage_tally_fresh AS
    SELECT place AS division_id, band, sex, reason, count(*)::integer AS people,
           count(*) FILTER (WHERE is_issued)::integer AS issued,
           count(*) FILTER (WHERE forms <> 0)::integer AS active,
           count(*) FILTER (WHERE forms & 1 <> 0)::integer AS electronic,
           count(*) FILTER (WHERE forms & 2 <> 0)::integer AS paper,
           count(*) FILTER (WHERE forms & 4 <> 0)::integer AS plastic
    FROM coverage_placed GROUP BY place, band, sex, reason;

CREATE VIEW coverage_day_fresh AS
    SELECT place AS division_id, event."on", sum(event.counted)::integer AS counted,
           sum(event.issued)::integer AS issued, sum(event.active)::integer AS active
    FROM coverage_placed
    CROSS JOIN LATERAL (VALUES
        (counted_from, 1, 0, 0), (counted_until, -1, 0, 0), (issued_from, 0, 1, 0), (issued_until, 0, -1, 0),
        (active_from, 0, 0, 1), (active_until, 0, 0, -1)
    ) event ("on", counted, issued, active)
    WHERE event."on" IS NOT NULL
    GROUP BY place, event."on"
    HAVING sum(event.counted) <> 0 OR sum(event.issued) <> 0 OR sum(event.active) <> 0;

-- Who has changed is told by the database, so that no writer can forget it. A row per change and never an update: two
-- writers of one resident do not wait for each other, and a change that commits late still has its own row.
CREATE FUNCTION tell_coverage_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id) SELECT DISTINCT resident_id FROM new_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION tell_coverage_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id) SELECT DISTINCT resident_id FROM old_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION tell_coverage_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id) SELECT resident_id FROM new_rows UNION SELECT resident_id FROM old_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION tell_coverage_new_resident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id) SELECT id FROM new_rows;
    RETURN NULL;
END $$;
CREATE FUNCTION tell_coverage_old_resident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coverage_change (resident_id) SELECT id FROM old_rows;
    RETURN NULL;
END $$;

CREATE TRIGGER card_counted_new AFTER INSERT ON card REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_new();
CREATE TRIGGER card_counted_both AFTER UPDATE ON card REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_both();
CREATE TRIGGER card_counted_old AFTER DELETE ON card REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_old();
CREATE TRIGGER missing_reason_counted_new AFTER INSERT ON missing_reason REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_new();
CREATE TRIGGER missing_reason_counted_both AFTER UPDATE ON missing_reason
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_both();
CREATE TRIGGER missing_reason_counted_old AFTER DELETE ON missing_reason REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_old();
CREATE TRIGGER resident_counted_new AFTER INSERT ON resident REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_new_resident();
CREATE TRIGGER resident_counted_both AFTER UPDATE ON resident REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_new_resident();
CREATE TRIGGER resident_counted_old AFTER DELETE ON resident REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION tell_coverage_old_resident();
