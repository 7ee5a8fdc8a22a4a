-- name: put_into_batch
-- Puts live cards of a form in a division that no batch holds yet into the batch, in the order of delivery: residential
-- group, household, name. The row count says how many there were.
INSERT INTO card_print (batch_id, card_id, position)
SELECT %(batch)s, found.index, row_number() OVER () - 1
FROM (
    SELECT card.index
    FROM card
    JOIN resident ON resident.id = card.resident_id
    JOIN division ON division.id = resident.division_id
    LEFT JOIN household ON household.id = resident.household_id
    WHERE card.form = %(form)s AND card.status = ANY(%(printable)s) AND card.expires_at > %(at)s
      AND resident.division_id IN (SELECT inner_id FROM division_containment WHERE outer_id = %(division)s)
      AND NOT EXISTS (
          SELECT FROM card_print JOIN print_batch ON print_batch.id = card_print.batch_id
          WHERE card_print.card_id = card.index AND print_batch.status <> 'failed')
    ORDER BY division.position, division.code, household.position, household.id, resident.sort_key, resident.id
    LIMIT %(limit)s
) AS found;

-- name: faces_of_batch
-- One row per card of a batch that was not revoked or suspended since it was ordered, in order: what its face shows, what its token claims, under which key it was signed, and
-- the hash that the ledger holds.
SELECT card.index, card.number, card.form, card.expires_at, resident.id, resident.full_name, resident.birth_year,
       CASE WHEN division.kind = 'group' THEN commune.name ELSE division.name END,
       signature.kid, signature.token_sha256
FROM card_print
JOIN card ON card.index = card_print.card_id
JOIN resident ON resident.id = card.resident_id
JOIN division ON division.id = resident.division_id
LEFT JOIN division AS commune ON commune.id = division.parent_id
JOIN LATERAL (
    SELECT kid, token_sha256 FROM card_signature WHERE card_index = card.index ORDER BY id DESC LIMIT 1
) AS signature ON true
WHERE card_print.batch_id = %(batch)s AND card.status = ANY(%(printable)s)
ORDER BY card_print.position;

-- name: print_counts
-- One row for a division and a form: cards that no batch holds yet, and residents without any live card.
SELECT (SELECT count(*) FROM card JOIN resident ON resident.id = card.resident_id
        WHERE card.form = %(form)s AND card.status = ANY(%(printable)s) AND card.expires_at > %(at)s
          AND resident.division_id IN (SELECT inner_id FROM division_containment WHERE outer_id = %(division)s)
          AND NOT EXISTS (
              SELECT FROM card_print JOIN print_batch ON print_batch.id = card_print.batch_id
              WHERE card_print.card_id = card.index AND print_batch.status <> 'failed')),
       (SELECT count(*) FROM resident
        WHERE resident.division_id IN (SELECT inner_id FROM division_containment WHERE outer_id = %(division)s)
          AND resident.merged_into_id IS NULL
          AND NOT EXISTS (
              SELECT FROM card
              WHERE card.resident_id = resident.id AND card.status = ANY(%(live)s) AND card.expires_at > %(at)s)
          AND NOT EXISTS (
              SELECT FROM resident AS record JOIN card ON card.resident_id = record.id
              WHERE record.merged_into_id = resident.id
                AND card.status = ANY(%(live)s) AND card.expires_at > %(at)s));

-- name: residents_without_card
-- Residents of a division without any live card, in the order one walks: residential group, household, name.
SELECT resident.id
FROM resident
JOIN division ON division.id = resident.division_id
LEFT JOIN household ON household.id = resident.household_id
WHERE resident.division_id IN (SELECT inner_id FROM division_containment WHERE outer_id = %(division)s)
  AND resident.merged_into_id IS NULL
  AND NOT EXISTS (
      SELECT FROM card
      WHERE card.resident_id = resident.id AND card.status = ANY(%(live)s) AND card.expires_at > %(at)s)
  AND NOT EXISTS (
      SELECT FROM resident AS record JOIN card ON card.resident_id = record.id
      WHERE record.merged_into_id = resident.id
        AND card.status = ANY(%(live)s) AND card.expires_at > %(at)s)
ORDER BY division.position, division.code, household.position, household.id, resident.sort_key, resident.id;
