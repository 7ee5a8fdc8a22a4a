-- How many guesses at enrolment codes are left, for each network and for all together: one count for every gateway. Not
-- logged, because whoever guesses gains nothing from a crash: a code lives for a day, a guess comes back in a minute.
CREATE UNLOGGED TABLE enrol_guess (
    who bytea PRIMARY KEY,
    left_over real NOT NULL,
    counted_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Takes one from a bucket that fills by so many a minute up to `burst`; false when nothing is left in it.
CREATE FUNCTION take_guess(bucket bytea, per_minute real, burst real) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    has real;
BEGIN
    INSERT INTO enrol_guess (who, left_over, counted_at) VALUES (bucket, burst, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT least(burst, left_over + extract(epoch FROM clock_timestamp() - counted_at) / 60 * per_minute) INTO STRICT has
    FROM enrol_guess WHERE who = bucket FOR UPDATE;
    UPDATE enrol_guess SET left_over = has - (has >= 1)::integer, counted_at = clock_timestamp() WHERE who = bucket;
    RETURN has >= 1;
END $$;

-- Counts a guess of a network (its hash); false when it has to wait. Who is refused for his own network takes nothing from
-- the others. Networks of which nothing was heard for an hour are forgotten.
CREATE FUNCTION spend_enrol_guess(network bytea, per_minute real, burst real, all_per_minute real) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT take_guess(network, per_minute, burst) THEN
        RETURN false;
    END IF;
    DELETE FROM enrol_guess WHERE who IN (
        SELECT who FROM enrol_guess WHERE counted_at < clock_timestamp() - interval '1 hour' LIMIT 10 FOR UPDATE SKIP LOCKED
    );
    RETURN take_guess('all', all_per_minute, all_per_minute);
END $$;

-- The code was right: that was no guess.
CREATE FUNCTION give_back_enrol_guess(network bytea) RETURNS boolean
LANGUAGE sql AS $$
    UPDATE enrol_guess SET left_over = left_over + 1 WHERE who IN (network, 'all');
    SELECT true
$$;
