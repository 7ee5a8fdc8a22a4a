-- Every entry waits to be chained, whoever wrote it and however. Runs as the owner: writers of entries need no right here.
CREATE FUNCTION audit_note_unsealed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_note_unsealed() FROM PUBLIC;
CREATE TRIGGER audit_entry_noted AFTER INSERT ON audit_entry
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION audit_note_unsealed();

-- A mistake of the owner's is stopped here; the doors have no right to change or remove anyway. Ill will of the owner's
-- is not stopped by a trigger: the chain tells of it.
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_kept BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_link_kept BEFORE UPDATE OR DELETE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- What was written before there was a chain is chained first, in the order in which it was numbered.
INSERT INTO audit_unsealed (entry_id) SELECT id FROM audit_entry;
