-- How many cards a key has signed stands beside it: each issue asks for that, and at a province's million cards the
-- ledger is too long to count. Runs as the owner: the site may add to the ledger and change no key.
UPDATE issuer_key SET signature_count = (SELECT count(*) FROM card_signature WHERE card_signature.kid = issuer_key.kid);

CREATE FUNCTION card_signature_counted() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE issuer_key SET signature_count = signature_count + fresh.count
    FROM (SELECT kid, count(*)::int AS count FROM signed GROUP BY kid) AS fresh
    WHERE issuer_key.kid = fresh.kid;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION card_signature_counted() FROM PUBLIC;
CREATE TRIGGER card_signature_counted AFTER INSERT ON card_signature
    REFERENCING NEW TABLE AS signed
    FOR EACH STATEMENT EXECUTE FUNCTION card_signature_counted();

-- Gateways hear of what a key is, not of each card that it signs: of the card itself they are told.
DROP TRIGGER issuer_key_told ON issuer_key;
CREATE TRIGGER issuer_key_told AFTER INSERT OR DELETE
    OR UPDATE OF kid, public_key, usage, not_before, not_after, announced_in, closed_at, retired_at ON issuer_key
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();
