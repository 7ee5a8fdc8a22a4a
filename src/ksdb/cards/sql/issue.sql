-- name: residents_to_card
-- One row: how many of the residents lie inside the jurisdiction (`outer` null: everywhere), how many of those have a
-- live card of the form. One index scan each.
SELECT count(*),
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM card
           WHERE card.resident_id = resident.id AND card.form = %(form)s AND card.status = ANY(%(live)s)
             AND card.expires_at > %(at)s)
           OR EXISTS (
           SELECT FROM resident AS record JOIN card ON card.resident_id = record.id
           WHERE record.merged_into_id = resident.id AND card.form = %(form)s AND card.status = ANY(%(live)s)
             AND card.expires_at > %(at)s))
FROM resident
WHERE resident.id = ANY(%(residents)s)
  AND (%(outer)s::int[] IS NULL OR resident.division_id IN (
      SELECT inner_id FROM division_containment WHERE outer_id = ANY(%(outer)s::int[])));

-- name: taken_indexes
-- Which of the indexes belong to a card already.
SELECT index FROM card WHERE index = ANY(%(drawn)s);

-- name: taken_numbers
-- Which of the printed numbers belong to a card already.
SELECT number FROM card WHERE number = ANY(%(drawn)s);

-- name: keys_with_room
-- Keys that may sign cards now and stay valid until `until`, with how many cards each may still sign; oldest first.
-- Once there is a trust list, a key has to stand in one: else scanners would refuse its cards.
SELECT kid, public_key, %(most)s - signature_count
FROM issuer_key
WHERE usage = 'card' AND retired_at IS NULL AND closed_at IS NULL
  AND (announced_in IS NOT NULL OR NOT EXISTS (SELECT FROM trust_list))
  AND not_before <= %(at)s AND not_after >= %(until)s
ORDER BY kid;

-- name: activate
-- Activates issued, unexpired cards of residents inside the jurisdiction; the row count says how many there were.
UPDATE card SET status = %(active)s, status_since = %(at)s, activated_at = %(at)s
FROM resident
WHERE card.index = ANY(%(indexes)s) AND card.status = %(issued)s AND card.expires_at > %(at)s
  AND resident.id = card.resident_id
  AND (%(outer)s::int[] IS NULL OR resident.division_id IN (
      SELECT inner_id FROM division_containment WHERE outer_id = ANY(%(outer)s::int[])));

-- name: ended_people
-- Those of the residents whose last card, on any of their records, ended because they died or moved away. One index
-- probe each.
SELECT DISTINCT person.id
FROM resident AS person
JOIN resident AS record ON record.id = person.id OR record.merged_into_id = person.id
JOIN card ON card.resident_id = record.id
WHERE person.id = ANY(%(residents)s) AND card.status = %(revoked)s AND card.reason = ANY(%(ending)s)
  AND NOT EXISTS (
      SELECT FROM resident AS other JOIN card AS later ON later.resident_id = other.id
      WHERE (other.id = person.id OR other.merged_into_id = person.id) AND later.status_since > card.status_since);
