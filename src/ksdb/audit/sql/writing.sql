-- name: write
-- Nothing; an entry for each subject, in their order: the same but for whom it names.
INSERT INTO audit_entry (at, actor_id, actor_name, action, subject, subject_id, purpose, case_id, address, detail)
SELECT %(at)s, %(actor_id)s, %(actor_name)s, %(action)s, kind, number, %(purpose)s, %(case_id)s, %(address)s::inet,
       %(detail)s::jsonb
FROM unnest(%(kinds)s::text[], %(numbers)s::bigint[]) WITH ORDINALITY AS named (kind, number, place)
ORDER BY place;
