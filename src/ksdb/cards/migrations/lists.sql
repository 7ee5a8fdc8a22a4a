-- Lists that are published have a serial that only grows, and the newest cannot be taken back. The database itself says
-- so, whoever writes; the gateways hear of each.

CREATE FUNCTION only_newer_serial() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    EXECUTE format('SELECT max(serial) FROM %I', TG_TABLE_NAME) INTO newest;
    IF TG_OP = 'INSERT' AND NEW.serial <= newest THEN
        RAISE EXCEPTION 'serial % is not newer than %', NEW.serial, newest USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'DELETE' AND OLD.serial = newest THEN
        RAISE EXCEPTION 'the newest list stays' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' AND (NEW.serial <> OLD.serial OR OLD.serial = newest) THEN
        RAISE EXCEPTION 'the newest list stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER trust_list_grows BEFORE INSERT OR UPDATE OR DELETE ON trust_list
    FOR EACH ROW EXECUTE FUNCTION only_newer_serial();
CREATE TRIGGER status_list_grows BEFORE INSERT OR UPDATE OR DELETE ON status_list
    FOR EACH ROW EXECUTE FUNCTION only_newer_serial();
CREATE TRIGGER trust_list_told AFTER INSERT ON trust_list
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();
CREATE TRIGGER status_list_told AFTER INSERT ON status_list
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways();
