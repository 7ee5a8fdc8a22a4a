-- Records that must be compared again: whatever two records are compared by has changed, or a list gave somebody a number
-- that another has. Whoever writes notes it in the same transaction, and meets nobody there.
CREATE FUNCTION note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO duplicate_changed (resident_id) VALUES (new.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed AFTER UPDATE OF full_name, search_key, birth_year, born_on, sex, household_id, division_id,
    id_number_key, old_id_number_key, phone_key, merged_into_id ON resident
FOR EACH ROW WHEN (
    (old.full_name, old.search_key, old.birth_year, old.born_on, old.sex, old.household_id, old.division_id,
     old.id_number_key, old.old_id_number_key, old.phone_key, old.merged_into_id)
    IS DISTINCT FROM
    (new.full_name, new.search_key, new.birth_year, new.born_on, new.sex, new.household_id, new.division_id,
     new.id_number_key, new.old_id_number_key, new.phone_key, new.merged_into_id)
) EXECUTE FUNCTION note_changed();

CREATE FUNCTION note_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO duplicate_changed (resident_id) VALUES (new.resident_id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_claimed AFTER INSERT ON claimed_number FOR EACH ROW EXECUTE FUNCTION note_claimed();
