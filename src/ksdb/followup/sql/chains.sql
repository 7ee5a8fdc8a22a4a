-- name: cases_of_chains
-- The latest cases of the jurisdiction (NULL: all): number, day of onset or else of sampling, commune.
SELECT case_record.id, coalesce(case_record.onset_on, case_record.sampled_on),
       CASE WHEN home.kind = 'group' THEN outside.name ELSE home.name END
FROM case_record
JOIN resident ON resident.id = case_record.resident_id
JOIN division home ON home.id = resident.division_id
LEFT JOIN division outside ON outside.id = home.parent_id
WHERE %(outer)s::integer[] IS NULL
   OR home.id IN (SELECT inner_id FROM division_containment WHERE outer_id = ANY(%(outer)s::integer[]))
ORDER BY case_record.id DESC
LIMIT %(most)s;

-- name: reported_of_chains
-- The latest reported cases of unknown people of the jurisdiction (NULL: all), as `cases_of_chains` does: numbers below zero,
-- and the label.
SELECT -reported_case.id, coalesce(reported_case.onset_on, reported_case.sampled_on), division.name, reported_case.label
FROM reported_case JOIN division ON division.id = reported_case.division_id
WHERE reported_case.case_id IS NULL AND (
    %(outer)s::integer[] IS NULL
    OR division.id IN (SELECT inner_id FROM division_containment WHERE outer_id = ANY(%(outer)s::integer[]))
)
ORDER BY reported_case.id DESC
LIMIT %(most)s;

-- name: ties_by_label
-- Pairs of cases, the one that infected the other first, as the lists say that brought them: by the case where it is known whose
-- it is, else by the report, below zero. Where one of several may have infected a case, a pair for each.
SELECT coalesce(source.case_id, -source.id), coalesce(target.case_id, -target.id)
FROM reported_case target
CROSS JOIN LATERAL unnest(string_to_array(target.infector, ';')) AS named (label)
JOIN reported_case source ON source.division_id = target.division_id AND source.label = named.label
WHERE target.infector <> '' AND source.id <> target.id;

-- name: exposures_between_cases
-- Pairs of cases: the second one's person, by whichever record, is a contact of the first in a stored run.
WITH record_of_case AS (
    SELECT case_record.id AS case_id, record.id AS resident_id
    FROM case_record
    JOIN resident own ON own.id = case_record.resident_id
    CROSS JOIN LATERAL (
        SELECT coalesce(own.merged_into_id, own.id) AS id
        UNION
        SELECT merged.id FROM resident merged WHERE merged.merged_into_id = coalesce(own.merged_into_id, own.id)
    ) record
    WHERE case_record.id = ANY(%(cases)s)
)
SELECT DISTINCT trace.case_id, record_of_case.case_id
FROM record_of_case
JOIN contact ON contact.resident_id = record_of_case.resident_id AND contact.generation = 1
JOIN trace ON trace.id = contact.trace_id
WHERE trace.case_id = ANY(%(cases)s) AND trace.case_id <> record_of_case.case_id

-- name: links_between_cases
-- Pairs of these cases that somebody linked, the one that infected the other first where that was said.
SELECT
    CASE kind WHEN 'infected_by' THEN second_id ELSE first_id END,
    CASE kind WHEN 'infected_by' THEN first_id ELSE second_id END
FROM case_link
WHERE first_id = ANY (%(cases)s) AND second_id = ANY (%(cases)s);
