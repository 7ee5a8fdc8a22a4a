-- The folded words of a name with the year of birth, as what GIN finds by their beginnings.
CREATE FUNCTION resident_words(search_key text, birth_year smallint) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(array_append(array_remove(string_to_array(search_key, ' '), ''), birth_year::text));

CREATE INDEX resident_by_words ON resident USING gin (resident_words(search_key, birth_year)) WITH (fastupdate = off);

-- Whose number has no key of its end yet; empty but for moments.
CREATE INDEX resident_without_end ON resident (id)
WHERE (id_number_key IS NOT NULL AND id_number_end IS NULL) OR (phone_key IS NOT NULL AND phone_end IS NULL);

-- A number that changes leaves no key of its old end behind.
CREATE FUNCTION forget_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.id_number_key IS DISTINCT FROM old.id_number_key AND new.id_number_end IS NOT DISTINCT FROM old.id_number_end THEN
        new.id_number_end := NULL;
    END IF;
    IF new.phone_key IS DISTINCT FROM old.phone_key AND new.phone_end IS NOT DISTINCT FROM old.phone_end THEN
        new.phone_end := NULL;
    END IF;
    RETURN new;
END $$;
CREATE TRIGGER forget_ends BEFORE UPDATE OF id_number_key, phone_key ON resident
FOR EACH ROW EXECUTE FUNCTION forget_ends();

-- Every word that occurs in a folded name, once: a search asks the index for whole words, many times faster than for
-- all that begins with some letters. Words are never taken out.
CREATE TABLE name_word (word text COLLATE "C" PRIMARY KEY);
INSERT INTO name_word
SELECT DISTINCT word FROM resident, unnest(string_to_array(search_key, ' ')) AS word WHERE word <> '';

CREATE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO name_word
    SELECT DISTINCT given.word FROM fresh, unnest(string_to_array(search_key, ' ')) AS given (word)
    WHERE given.word <> '' AND NOT EXISTS (SELECT FROM name_word AS known WHERE known.word = given.word)
    ORDER BY given.word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_words AFTER INSERT ON resident
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_words();

CREATE FUNCTION note_words_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO name_word
    SELECT DISTINCT word FROM unnest(string_to_array(new.search_key, ' ')) AS word WHERE word <> '' ORDER BY word
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER note_words_of_one AFTER UPDATE OF search_key ON resident
FOR EACH ROW WHEN (old.search_key IS DISTINCT FROM new.search_key) EXECUTE FUNCTION note_words_of_one();
