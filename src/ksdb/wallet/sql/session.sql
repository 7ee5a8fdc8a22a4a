-- name: signed_in
-- One row per card that a signed-in phone's holder keeps, in the order in which they came; one row with nulls where he
-- keeps none; no row where the session is over. In four parts: the phone, its holder, what is kept, of whom. Probes of
-- indices alone.
SELECT phone.id, phone.holder_id, phone.token_sha256, phone.chosen_id, phone.device_point, phone.began_at,
       phone.seen_at, phone.ended_at,
       holder.id, holder.phone_sealed, holder.phone_key, holder.language, holder.created_at,
       holding.id, holding.holder_id, holding.resident_id, holding.relation, holding.guardian_id, holding.evidence,
       holding.since, holding.until,
       resident.id, resident.household_id, resident.full_name, resident.birth_year
FROM wallet_phone AS phone
JOIN wallet_holder AS holder ON holder.id = phone.holder_id
LEFT JOIN wallet_holding AS holding ON holding.holder_id = holder.id AND holding.until IS NULL
LEFT JOIN resident ON resident.id = holding.resident_id
WHERE phone.token_sha256 = %(digest)s AND phone.ended_at IS NULL
  AND phone.seen_at > %(seen_after)s AND phone.began_at > %(began_after)s
ORDER BY holding.since, holding.id;

-- name: known_elsewhere
-- Whether anybody but this holder could be told of these records of one person: another who keeps one of them, another
-- number in the registry, or a guardian, who is asked where they have none. Never false where somebody is.
SELECT EXISTS (
    SELECT FROM wallet_holding AS kept
    WHERE kept.resident_id = ANY(%(records)s) AND kept.until IS NULL AND kept.holder_id <> %(holder)s
) OR EXISTS (
    SELECT FROM resident AS record
    WHERE record.id = ANY(%(records)s)
      AND (record.phone_sealed IS NULL AND record.guardian_id IS NOT NULL
           OR record.phone_sealed IS NOT NULL AND record.phone_key IS DISTINCT FROM %(phone_key)s)
);
