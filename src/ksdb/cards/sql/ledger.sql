-- name: ledger_counts
-- One row: how many cards and how many lines of the ledger there are. Two scans.
SELECT (SELECT count(*) FROM card), (SELECT count(*) FROM card_signature);

-- name: ledger_findings
-- One row per kind of fault and key: kind, how many, the first card index, the key. Nothing if all fits. A few scans of
-- cards, ledger and prints, with hash joins.
WITH finding AS (
    SELECT 'card_unsigned' AS kind, card.index AS card_index, NULL::int AS kid
    FROM card WHERE NOT EXISTS (SELECT FROM card_signature WHERE card_index = card.index)
    UNION ALL
    SELECT 'signed_no_card', signature.card_index, signature.kid
    FROM card_signature AS signature WHERE NOT EXISTS (SELECT FROM card WHERE index = signature.card_index)
    UNION ALL
    SELECT 'key_unknown', signature.card_index, signature.kid
    FROM card_signature AS signature
    WHERE NOT EXISTS (SELECT FROM issuer_key WHERE kid = signature.kid AND usage = 'card')
    UNION ALL
    SELECT 'key_not_valid', signature.card_index, signature.kid
    FROM card_signature AS signature JOIN issuer_key USING (kid)
    WHERE signature.signed_at < issuer_key.not_before OR signature.signed_at >= issuer_key.not_after
       OR signature.signed_at > coalesce(issuer_key.retired_at, issuer_key.closed_at, 'infinity')
    UNION ALL
    SELECT 'signed_twice', card_index, min(kid)
    FROM card_signature GROUP BY card_index HAVING count(DISTINCT token_sha256) > 1
    UNION ALL
    SELECT 'bound_key_not_valid', binding.card_id, binding.kid
    FROM card_binding AS binding LEFT JOIN issuer_key ON issuer_key.kid = binding.kid
    WHERE issuer_key.usage IS DISTINCT FROM 'card' OR binding.bound_at < issuer_key.not_before
       OR binding.expires_at > issuer_key.not_after
       OR binding.bound_at > coalesce(issuer_key.retired_at, issuer_key.closed_at, 'infinity')
    UNION ALL
    SELECT 'printed_unsigned', card_print.card_id, NULL
    FROM card_print WHERE NOT EXISTS (SELECT FROM card_signature WHERE card_index = card_print.card_id)
    UNION ALL
    SELECT 'in_two_jobs', card_print.card_id, NULL
    FROM card_print JOIN print_batch AS batch ON batch.id = card_print.batch_id
    WHERE batch.status <> 'cancelled' AND batch.reprint_of_id IS NULL AND NOT batch.is_chosen
    GROUP BY card_print.card_id HAVING count(*) > 1
    UNION ALL
    SELECT 'sheets_differ', min(card_print.card_id), NULL
    FROM print_part AS part
    LEFT JOIN card_print ON card_print.batch_id = part.batch_id AND card_print.sheet IS NOT NULL
      AND card_print.position >= part.first_position AND card_print.position < part.end_position
    JOIN print_batch AS batch ON batch.id = part.batch_id
    WHERE part.drawn_at IS NOT NULL AND batch.status <> 'cancelled'
    GROUP BY part.id HAVING count(card_print.card_id) <> part.card_count
)
SELECT kind, count(*)::int, min(card_index), kid FROM finding GROUP BY kind, kid
UNION ALL
SELECT 'key_overdrawn', count(*)::int, NULL, kid FROM card_signature GROUP BY kid HAVING count(*) > %(most)s
ORDER BY 1, 4;

-- name: lines_to_sign_again
-- At most %(most)s lines of the ledger with what their tokens claim: first those since the last check, then some at
-- random. One scan of the ledger.
SELECT signature.kid, card.index, card.form, card.expires_at, signature.token_sha256
FROM card_signature AS signature JOIN card ON card.index = signature.card_index
ORDER BY (signature.signed_at >= coalesce(%(since)s::timestamptz, '-infinity')) DESC,
         hashint8extended(signature.id, (%(seed)s::float8 * 1e15)::bigint)
LIMIT %(most)s;

-- name: bindings_to_sign_again
-- At most %(most)s lines of the ledger of bound tokens with what those claim: first those since the last check, then
-- some at random. One scan.
SELECT binding.kid, binding.card_id, binding.expires_at, binding.device_point, binding.token_sha256
FROM card_binding AS binding
ORDER BY (binding.bound_at >= coalesce(%(since)s::timestamptz, '-infinity')) DESC,
         hashint8extended(binding.id, (%(seed)s::float8 * 1e15)::bigint)
LIMIT %(most)s;
