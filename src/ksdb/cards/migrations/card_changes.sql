-- What the gateways must hear of cards and keys, told by the database so that no writer can forget it.

CREATE FUNCTION tell_gateways() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('ksdb_known', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER card_told AFTER INSERT OR UPDATE OR DELETE ON card
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();
CREATE TRIGGER issuer_key_told AFTER INSERT OR UPDATE OR DELETE ON issuer_key
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();

-- When a row was last changed, in the database's own count: the reader asks for everything at or after the oldest
-- transaction that was still open when it last looked, so nothing slips through between two commits.
ALTER TABLE card ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX card_changed_in ON card (changed_in);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER card_changed BEFORE UPDATE ON card FOR EACH ROW EXECUTE FUNCTION note_change();
