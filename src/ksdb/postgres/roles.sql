-- Who may touch what, from nothing upwards. Run as the owner after each migration, in one transaction: whoever is at
-- work notices nothing. A table that is new is open to the site at once and to the gateway only when it is named here.
-- Partitions get no rights of their own: they are reached through their parents, and made and dropped by functions.

REVOKE ALL ON SCHEMA public FROM PUBLIC, ksdb_site, ksdb_gateway;
GRANT USAGE ON SCHEMA public TO ksdb_site, ksdb_gateway;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, ksdb_site, ksdb_gateway;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, ksdb_site, ksdb_gateway;

-- The site: rows of every table, no table as a whole (no TRUNCATE, TRIGGER, REFERENCES, MAINTAIN).
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
    LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO ksdb_site', one);
    END LOOP;
END $$;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ksdb_site;

-- What the site may not change: the trail and its chain, the log of visits, the ledger of signatures, which keys are
-- believed, how long days are kept, the checks of the keys that seal, and which migrations ran.
REVOKE UPDATE, DELETE ON audit_entry, audit_link FROM ksdb_site;
REVOKE INSERT, UPDATE ON audit_unsealed FROM ksdb_site;
REVOKE INSERT, UPDATE, DELETE ON visit, counted_visit, refusal, foreign_scan, device_intake, device_state, django_migrations FROM ksdb_site;
REVOKE UPDATE, DELETE ON card_signature FROM ksdb_site;
REVOKE UPDATE ON card_binding FROM ksdb_site;
REVOKE INSERT, UPDATE, DELETE ON issuer_key, trust_list, key_check, log_retention FROM ksdb_site;

-- An import lets the planner look again at the two tables it filled; before PostgreSQL 17 only the owner may, and the
-- wish is passed over with a warning.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON household, resident TO ksdb_site';
    END IF;
END $$;

-- The gateway: what it must know, and where it stores scans. LISTEN needs no right.
GRANT SELECT ON card, device, issuer_key, trust_list, status_list, django_migrations TO ksdb_gateway;
GRANT INSERT ON visit, refusal, foreign_scan TO ksdb_gateway;
GRANT SELECT, INSERT, UPDATE ON device_intake, device_state TO ksdb_gateway;

-- Making and dropping the partitions of a day is the owner's, done on behalf of the doors by functions that see no
-- schema but ours. Dropping is left to the site.
ALTER FUNCTION ensure_partitions(date, date) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION drop_partition(text) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION partition_proof(text) SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION ensure_partitions(date, date), drop_partition(text), partition_proof(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(date, date) TO ksdb_site, ksdb_gateway;
GRANT EXECUTE ON FUNCTION drop_partition(text), partition_proof(text) TO ksdb_site;

-- Visits by other systems' codes get their residents by functions: by keys alone, and nothing else of a visit changes.
ALTER FUNCTION rekey_foreign_scans(bytea[], bytea[]) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION match_foreign_scans(bytea[]) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION retime_scans(integer, integer, timestamptz, timestamptz, interval)
    SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION rekey_foreign_scans(bytea[], bytea[]), match_foreign_scans(bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rekey_foreign_scans(bytea[], bytea[]), match_foreign_scans(bytea[]) TO ksdb_site;
REVOKE ALL ON FUNCTION retime_scans(integer, integer, timestamptz, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retime_scans(integer, integer, timestamptz, timestamptz, interval) TO ksdb_site;

-- Devices are let in and given new tokens by functions too; of a point the gateway reads what a device is told.
ALTER FUNCTION redeem_enrol_code(bytea, bytea, text) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION offer_device_token(integer, bytea) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION settle_device_token(integer, bytea) SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION redeem_enrol_code(bytea, bytea, text), offer_device_token(integer, bytea),
    settle_device_token(integer, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION redeem_enrol_code(bytea, bytea, text), offer_device_token(integer, bytea),
    settle_device_token(integer, bytea) TO ksdb_gateway;
ALTER FUNCTION take_guess(bytea, real, real) SET search_path = public, pg_temp;
ALTER FUNCTION spend_enrol_guess(bytea, real, real, real) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION give_back_enrol_guess(bytea) SECURITY DEFINER SET search_path = public, pg_temp;
REVOKE ALL ON FUNCTION take_guess(bytea, real, real), spend_enrol_guess(bytea, real, real, real),
    give_back_enrol_guess(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spend_enrol_guess(bytea, real, real, real), give_back_enrol_guess(bytea) TO ksdb_gateway;
GRANT SELECT (id, name, type_id, opens_at, closes_at, usual_stay_minutes, capacity, lanes, is_exit_scanned)
    ON scan_point TO ksdb_gateway;
