-- name: residents_in_order
-- Ids of residents whose name's words begin as asked, among the first of the whole list in Vietnamese order, at most as
-- many as asked for. Records that were merged are passed over: so many are found that a word more is asked for anyway.
-- Reads `walk` rows of the index at most: fast for what many are called, and enough for a page.
SELECT id
FROM (
    SELECT id, search_key, birth_year, division_id
    FROM resident
    WHERE merged_into_id IS NULL
    ORDER BY sort_key, id
    LIMIT %(walk)s
) AS first
WHERE ' ' || search_key LIKE ALL (%(begun)s::text[])
  AND (%(birth_year)s::int IS NULL OR birth_year = %(birth_year)s)
  AND (%(divisions)s::int[] IS NULL OR division_id = ANY (%(divisions)s::int[]))
LIMIT %(most)s;

-- name: residents_of_name
-- One row per person of this folded name and year: the id of the record that counts. Reads the rows that the words of the
-- name and the year, found in the index together, lead to.
SELECT DISTINCT coalesce(merged_into_id, id)
FROM resident
WHERE resident_words(search_key, birth_year) @@ %(words)s::tsquery
  AND search_key = %(name)s AND birth_year = %(birth_year)s;

-- name: residents_expected
-- The planner's own guess, as JSON, of how many residents of these divisions bear these words. Reads no resident.
EXPLAIN (FORMAT json)
SELECT FROM resident
WHERE resident_words(search_key, birth_year) @@ %(words)s::tsquery
  AND (%(more_words)s::tsquery IS NULL OR resident_words(search_key, birth_year) @@ %(more_words)s::tsquery)
  AND (%(divisions)s::int[] IS NULL OR division_id = ANY (%(divisions)s::int[]));

-- name: residents_enough
-- How many residents, not merged, bear these words in these divisions, counted up to `most`.
SELECT count(*) FROM (
    SELECT FROM resident
    WHERE resident_words(search_key, birth_year) @@ %(words)s::tsquery
      AND (%(more_words)s::tsquery IS NULL OR resident_words(search_key, birth_year) @@ %(more_words)s::tsquery)
      AND merged_into_id IS NULL
      AND (%(divisions)s::int[] IS NULL OR division_id = ANY (%(divisions)s::int[]))
    LIMIT %(most)s
) AS counted;

-- name: residents_matching
-- Ids of the residents asked for, a page in Vietnamese order, each with how many there are. Who is found by a record that
-- was merged is shown by the record that counts, where that lies in these divisions. Reads the rows that match: through
-- the words of names, the ends of numbers, or the divisions, whichever are fewest. Words in two questions are intersected
-- in half the time that one takes.
WITH found AS MATERIALIZED (
    SELECT id, sort_key, merged_into_id
    FROM resident
    WHERE (%(words)s::tsquery IS NULL OR resident_words(search_key, birth_year) @@ %(words)s::tsquery)
      AND (%(more_words)s::tsquery IS NULL OR resident_words(search_key, birth_year) @@ %(more_words)s::tsquery)
      AND (%(phone_end)s::bigint IS NULL OR phone_end = %(phone_end)s)
      AND (%(id_number_end)s::bigint IS NULL OR id_number_end = %(id_number_end)s)
      AND (%(divisions)s::int[] IS NULL OR division_id = ANY (%(divisions)s::int[]))
), merged AS MATERIALIZED (
    SELECT DISTINCT ON (coalesce(counting.id, found.id))
        coalesce(counting.id, found.id) AS id, coalesce(counting.sort_key, found.sort_key) AS sort_key
    FROM found
    LEFT JOIN resident AS counting ON counting.id = found.merged_into_id
      AND (%(divisions)s::int[] IS NULL OR counting.division_id = ANY (%(divisions)s::int[]))
    WHERE found.merged_into_id IS NOT NULL
), shown AS (
    SELECT id, sort_key FROM found WHERE merged_into_id IS NULL
    UNION ALL
    SELECT id, sort_key FROM merged
    WHERE NOT EXISTS (SELECT FROM found WHERE found.id = merged.id AND found.merged_into_id IS NULL)
)
SELECT id, (SELECT count(*) FROM shown)
FROM shown
ORDER BY sort_key, id
LIMIT %(rows)s OFFSET %(skip)s;

-- name: words_beginning
-- One row per beginning asked for: the words of names that begin so, at most as many as asked for; none where nobody
-- bears one. One index scan each.
SELECT asked.beginning, array_remove(array_agg(known.word), NULL)
FROM unnest(%(beginnings)s::text[]) AS asked (beginning)
LEFT JOIN LATERAL (
    SELECT word FROM name_word
    WHERE word >= asked.beginning AND word < asked.beginning || chr(1114111)
    ORDER BY word
    LIMIT %(most)s
) AS known ON true
GROUP BY asked.beginning;

-- name: scan_no_table
-- Nothing; until the transaction ends or `scan_tables_again`, the planner reads no table from end to end.
SELECT set_config('enable_seqscan', 'off', true);

-- name: scan_tables_again
-- Nothing; the planner may do again what it finds best.
SELECT set_config('enable_seqscan', 'on', true);

-- name: without_ends
-- One row per resident whose number has no key of its end yet, at most as many as asked for. One index scan.
SELECT id, id_number_sealed, phone_sealed
FROM resident
WHERE (id_number_key IS NOT NULL AND id_number_end IS NULL) OR (phone_key IS NOT NULL AND phone_end IS NULL)
ORDER BY id
LIMIT %(most)s
FOR UPDATE SKIP LOCKED;

-- name: write_ends
-- Nothing; the residents have the keys of their numbers' ends. One index probe each.
UPDATE resident
SET id_number_end = given.id_number_end, phone_end = given.phone_end
FROM unnest(%(ids)s::int[], %(id_number_ends)s::bigint[], %(phone_ends)s::bigint[])
    AS given (id, id_number_end, phone_end)
WHERE resident.id = given.id;

-- name: identities_of
-- The ids of all records of the person that these are records of, the one that counts first. Three index scans.
WITH counting AS (
    SELECT coalesce(merged_into_id, id) AS id FROM resident WHERE id = ANY (%(residents)s::int[])
)
SELECT id
FROM (
    SELECT id, false AS is_merged FROM counting
    UNION
    SELECT resident.id, true FROM resident JOIN counting ON resident.merged_into_id = counting.id
) AS record
ORDER BY is_merged, id;
