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
          WHERE card_print.card_id = card.index AND print_batch.status <> 'cancelled')
    ORDER BY division.position, division.code, division.id, household.position, household.id, resident.sort_key,
             resident.id
    LIMIT %(limit)s
) AS found;

-- name: put_chosen_into_batch
-- Puts these cards into the batch if they are good and of the form, in the order of delivery.
INSERT INTO card_print (batch_id, card_id, position)
SELECT %(batch)s, found.index, row_number() OVER () - 1
FROM (
    SELECT card.index
    FROM card
    JOIN resident ON resident.id = card.resident_id
    JOIN division ON division.id = resident.division_id
    LEFT JOIN household ON household.id = resident.household_id
    WHERE card.index = ANY(%(cards)s) AND card.form = %(form)s AND card.status = ANY(%(printable)s)
      AND card.expires_at > %(at)s
    ORDER BY division.position, division.code, division.id, household.position, household.id, resident.sort_key,
             resident.id
) AS found;

-- name: plan_parts
-- One row a file for a batch: about `size` cards each; a household whose cards are one letter (`by_door`) stays whole.
INSERT INTO print_part (batch_id, number, first_position, end_position, card_count, file_name)
SELECT %(batch)s, row_number() OVER (ORDER BY min(placed.position)), min(placed.position), max(placed.position) + 1,
       0, ''
FROM (
    SELECT card_print.position,
           CASE WHEN %(by_door)s AND resident.household_id IS NOT NULL
                THEN min(card_print.position) OVER (PARTITION BY resident.division_id, resident.household_id)
                ELSE card_print.position END / %(size)s AS file
    FROM card_print
    JOIN card ON card.index = card_print.card_id
    JOIN resident ON resident.id = card.resident_id
    WHERE card_print.batch_id = %(batch)s
) AS placed
GROUP BY placed.file;

-- name: faces_of_part
-- One row per card at positions in [first, end) of a batch that was not revoked or suspended since it was ordered, in
-- order: what its face shows, where it is handed over, what its token claims, under which key it was signed, and the
-- hash that the ledger holds.
SELECT card.index, card.number, card.form, card.expires_at, resident.id, resident.full_name, resident.birth_year,
       CASE WHEN division.kind = 'group' THEN commune.name ELSE division.name END,
       coalesce(household.id, -resident.id), coalesce(household.address, ''),
       CASE WHEN division.kind = 'group' THEN division.name ELSE '' END,
       signature.kid, signature.token_sha256
FROM card_print
JOIN card ON card.index = card_print.card_id
JOIN resident ON resident.id = card.resident_id
JOIN division ON division.id = resident.division_id
LEFT JOIN division AS commune ON commune.id = division.parent_id
LEFT JOIN household ON household.id = resident.household_id
JOIN LATERAL (
    SELECT kid, token_sha256 FROM card_signature WHERE card_index = card.index ORDER BY id DESC LIMIT 1
) AS signature ON true
WHERE card_print.batch_id = %(batch)s AND card_print.position >= %(first)s AND card_print.position < %(end)s
  AND card.status = ANY(%(printable)s)
ORDER BY card_print.position;

-- name: set_sheets
-- Notes on which sheet of its file each card of a part stands.
UPDATE card_print SET sheet = drawn.sheet
FROM unnest(%(cards)s::int[], %(sheets)s::int[]) AS drawn (card, sheet)
WHERE card_print.batch_id = %(batch)s AND card_print.card_id = drawn.card;

-- name: cards_on_sheets
-- The cards of a batch that stand on these sheets of these files, each pair at the same place of both lists.
SELECT card_print.card_id
FROM unnest(%(parts)s::int[], %(sheets)s::int[]) AS wanted (part, sheet)
JOIN print_part ON print_part.batch_id = %(batch)s AND print_part.number = wanted.part
JOIN card_print ON card_print.batch_id = %(batch)s AND card_print.sheet = wanted.sheet
  AND card_print.position >= print_part.first_position AND card_print.position < print_part.end_position;

-- name: misprints_to_print
-- Cards of a batch that were misprinted and stand in no later batch that was not cancelled.
SELECT card_print.card_id
FROM card_print
WHERE card_print.batch_id = %(batch)s AND card_print.misprinted_at IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM card_print AS later JOIN print_batch ON print_batch.id = later.batch_id
      WHERE later.card_id = card_print.card_id AND later.batch_id > card_print.batch_id
        AND print_batch.status <> 'cancelled')
ORDER BY card_print.position;

-- name: cards_of_household
-- The good cards of a form in a household of a division.
SELECT card.index
FROM card JOIN resident ON resident.id = card.resident_id
WHERE resident.household_id = %(household)s AND card.form = %(form)s AND card.status = ANY(%(printable)s)
  AND card.expires_at > %(at)s;

-- name: communes_to_print
-- Communes and cards there of a form that no batch holds yet, largest first. A whole province: one pass.
SELECT home.id, count(*)
FROM card
JOIN resident ON resident.id = card.resident_id
JOIN division ON division.id = resident.division_id
JOIN division AS home ON home.id = CASE WHEN division.kind = 'group' THEN division.parent_id ELSE division.id END
WHERE card.form = %(form)s AND card.status = ANY(%(printable)s) AND card.expires_at > %(at)s
  AND NOT EXISTS (
      SELECT FROM card_print JOIN print_batch ON print_batch.id = card_print.batch_id
      WHERE card_print.card_id = card.index AND print_batch.status <> 'cancelled')
GROUP BY home.id
ORDER BY count(*) DESC, home.id;

-- name: print_costs
-- One row a payer and form: cards printed, how many of them again after a misprint, and the cost in đồng. Counts what
-- was drawn in batches that were reported printed in [since, until).
SELECT payer.name, batch.form, sum(drawn.cards)::int,
       coalesce(sum(drawn.cards) FILTER (WHERE batch.reprint_of_id IS NOT NULL), 0)::int,
       sum(drawn.cards * batch.unit_cost)::bigint
FROM print_batch AS batch
JOIN division AS payer ON payer.id = batch.payer_id
CROSS JOIN LATERAL (SELECT sum(card_count) AS cards FROM print_part WHERE batch_id = batch.id) AS drawn
WHERE batch.status = 'printed' AND batch.printed_at >= %(since)s AND batch.printed_at < %(until)s
  AND (%(outer)s::int[] IS NULL OR batch.division_id IN (
      SELECT inner_id FROM division_containment WHERE outer_id = ANY(%(outer)s::int[])))
GROUP BY payer.id, payer.name, batch.form
ORDER BY payer.name, payer.id, batch.form;

-- name: ready_to_print
-- One row for a division and a form: cards that no batch holds yet.
SELECT count(*) FROM card JOIN resident ON resident.id = card.resident_id
WHERE card.form = %(form)s AND card.status = ANY(%(printable)s) AND card.expires_at > %(at)s
  AND resident.division_id IN (SELECT inner_id FROM division_containment WHERE outer_id = %(division)s)
  AND NOT EXISTS (
      SELECT FROM card_print JOIN print_batch ON print_batch.id = card_print.batch_id
      WHERE card_print.card_id = card.index AND print_batch.status <> 'cancelled');

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
