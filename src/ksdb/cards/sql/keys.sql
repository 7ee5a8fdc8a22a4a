-- name: cards_of_key
-- How many cards that are not ended were signed by a key. One index scan of its lines of the ledger.
SELECT count(DISTINCT card.index)
FROM card_signature JOIN card ON card.index = card_signature.card_index
WHERE card_signature.kid = %(kid)s AND card.status <> 4 AND card.expires_at > %(at)s;

-- name: revoke_of_key
-- Revokes every card that a key signed and that is not revoked; index and resident of those it hit.
UPDATE card SET status = 4, status_since = %(at)s, reason = %(reason)s
WHERE index IN (SELECT card_index FROM card_signature WHERE kid = %(kid)s) AND status <> 4 AND expires_at > %(at)s
RETURNING index, resident_id;

-- name: announce_keys
-- Notes the serial of the trust list at each key that it names.
UPDATE issuer_key SET announced_in = %(serial)s WHERE kid = ANY(%(kids)s);
