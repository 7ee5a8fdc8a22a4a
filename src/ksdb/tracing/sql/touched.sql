-- name: touched_by_arrivals
-- One row per latest run of an open case that visits arrived in [since, until) may change: of the case, of a contact, or
-- at a point around a stay of the case. A visit that came before the run is left out, but for a minute in which it may not have
-- been seen yet. Names more than change, never fewer among first contacts; of the second generation it sees those
-- whose first contact has a late scan. The block index of arrivals, then index probes per visit and run.
WITH latest AS MATERIALIZED (
    SELECT DISTINCT ON (trace.case_id, trace.rule_set_id, trace.generations) trace.id, trace.infectious_from, trace.ran_at,
           CASE WHEN trace.generations > 1 THEN coalesce(trace.asked_until, trace.ran_at) ELSE trace.infectious_until END
               + make_interval(mins => rule_set.linger_minutes) AS until_at,
           coalesce(resident.merged_into_id, resident.id) AS person_id
    FROM trace
    JOIN rule_set ON rule_set.id = trace.rule_set_id
    JOIN case_record ON case_record.id = trace.case_id
    JOIN resident ON resident.id = case_record.resident_id
    WHERE case_record.closed_at IS NULL
    ORDER BY trace.case_id, trace.rule_set_id, trace.generations, trace.id DESC
), late AS MATERIALIZED (
    SELECT visit.resident_id, visit.point_id, visit.scanned_at, visit.received_at,
           CASE WHEN scan_point.is_exit_scanned OR visit.is_exit THEN greatest(%(reach)s, usual.length) ELSE usual.length END
               AS reach
    FROM visit JOIN scan_point ON scan_point.id = visit.point_id
    CROSS JOIN LATERAL (SELECT greatest(make_interval(mins => scan_point.usual_stay_minutes), %(window)s) AS length) usual
    WHERE visit.received_at >= %(since)s AND visit.received_at < %(until)s AND visit.resident_id IS NOT NULL
      AND visit.scanned_at < (SELECT max(until_at) FROM latest)
)
SELECT DISTINCT latest.id
FROM latest JOIN late
  ON late.scanned_at >= latest.infectious_from - %(reach)s AND late.scanned_at < latest.until_at
 AND late.received_at >= latest.ran_at - interval '1 minute'
WHERE (
    EXISTS (SELECT FROM resident
            WHERE resident.id = late.resident_id AND coalesce(resident.merged_into_id, resident.id) = latest.person_id)
    OR EXISTS (SELECT FROM trace_stay stay
               WHERE stay.trace_id = latest.id AND stay.point_id = late.point_id
                 AND late.scanned_at >= stay.arrived_at - late.reach AND late.scanned_at < stay.departed_at + %(window)s)
    OR EXISTS (SELECT FROM contact WHERE contact.trace_id = latest.id AND contact.resident_id = late.resident_id)
)
ORDER BY 1;

-- name: touched_by_visit
-- One row per latest run of an open case that may change when one visit counts no more: of the case, of a contact, or of
-- somebody who was scanned around a stay of the case. Index probes per run.
WITH latest AS (
    SELECT DISTINCT ON (trace.case_id, trace.rule_set_id, trace.generations) trace.id, trace.infectious_from,
           CASE WHEN trace.generations > 1 THEN coalesce(trace.asked_until, trace.ran_at) ELSE trace.infectious_until END + %(reach)s AS until_at,
           coalesce(resident.merged_into_id, resident.id) AS person_id
    FROM trace
    JOIN case_record ON case_record.id = trace.case_id
    JOIN resident ON resident.id = case_record.resident_id
    WHERE case_record.closed_at IS NULL
    ORDER BY trace.case_id, trace.rule_set_id, trace.generations, trace.id DESC
)
SELECT latest.id
FROM latest
WHERE %(at)s >= latest.infectious_from - %(reach)s AND %(at)s < latest.until_at AND (
    EXISTS (SELECT FROM resident
            WHERE resident.id = %(resident)s AND coalesce(resident.merged_into_id, resident.id) = latest.person_id)
    OR EXISTS (SELECT FROM contact WHERE contact.trace_id = latest.id AND contact.resident_id = %(resident)s)
    OR EXISTS (SELECT FROM visit JOIN trace_stay stay ON stay.point_id = visit.point_id
                   AND visit.scanned_at >= stay.arrived_at - %(reach)s AND visit.scanned_at < stay.departed_at + %(reach)s
               WHERE stay.trace_id = latest.id AND visit.resident_id = %(resident)s
                 AND visit.scanned_at >= %(at)s - %(reach)s AND visit.scanned_at < %(at)s + %(reach)s)
)
ORDER BY 1;

-- name: touched_by_retiming
-- One row per latest run of an open case that may change when visits at a point in [since, until) were moved in time: of the
-- case, of a contact, around a stay of the case there, or of somebody who was scanned around a stay of the case elsewhere.
-- Names more than change. Index probes per run and resident.
WITH latest AS (
    SELECT DISTINCT ON (trace.case_id, trace.rule_set_id, trace.generations) trace.id, trace.infectious_from,
           CASE WHEN trace.generations > 1 THEN coalesce(trace.asked_until, trace.ran_at) ELSE trace.infectious_until END + %(reach)s AS until_at,
           coalesce(resident.merged_into_id, resident.id) AS person_id
    FROM trace
    JOIN case_record ON case_record.id = trace.case_id
    JOIN resident ON resident.id = case_record.resident_id
    WHERE case_record.closed_at IS NULL
    ORDER BY trace.case_id, trace.rule_set_id, trace.generations, trace.id DESC
)
SELECT latest.id
FROM latest
WHERE latest.infectious_from - %(reach)s < %(until)s AND latest.until_at > %(since)s AND (
    EXISTS (SELECT FROM resident
            WHERE resident.id = ANY(%(residents)s) AND coalesce(resident.merged_into_id, resident.id) = latest.person_id)
    OR EXISTS (SELECT FROM contact WHERE contact.trace_id = latest.id AND contact.resident_id = ANY(%(residents)s))
    OR EXISTS (SELECT FROM trace_stay stay WHERE stay.trace_id = latest.id AND stay.point_id = %(point)s
                   AND stay.arrived_at < %(until)s + %(reach)s AND stay.departed_at > %(since)s - %(reach)s)
    OR EXISTS (SELECT FROM visit JOIN trace_stay stay ON stay.point_id = visit.point_id
                   AND visit.scanned_at >= stay.arrived_at - %(reach)s AND visit.scanned_at < stay.departed_at + %(reach)s
               WHERE stay.trace_id = latest.id AND visit.resident_id = ANY(%(residents)s)
                 AND visit.scanned_at >= %(since)s - %(reach)s AND visit.scanned_at < %(until)s + %(reach)s)
)
ORDER BY 1;

-- name: touched_by_merges
-- One row per latest run of an open case in which a contact or the case was merged with another record, or told apart
-- again, after it ran or was last repeated, or in the minute before: a merge may have been done while it ran, and not be seen
-- by it. Reads the merges since the oldest such run.
WITH latest AS (
    SELECT DISTINCT ON (trace.case_id, trace.rule_set_id, trace.generations) trace.id,
           greatest(trace.ran_at, trace.checked_at) - interval '1 minute' AS ran_at, case_record.resident_id
    FROM trace JOIN case_record ON case_record.id = trace.case_id
    WHERE case_record.closed_at IS NULL
    ORDER BY trace.case_id, trace.rule_set_id, trace.generations, trace.id DESC
), merge AS (
    SELECT survivor_id, merged_id, greatest(merged_at, undone_at) AS at FROM resident_merge
    WHERE merged_at >= (SELECT min(ran_at) FROM latest) OR undone_at >= (SELECT min(ran_at) FROM latest)
)
SELECT DISTINCT latest.id
FROM latest JOIN merge ON merge.at > latest.ran_at
WHERE (
    latest.resident_id IN (merge.survivor_id, merge.merged_id)
    OR EXISTS (SELECT FROM contact
               WHERE contact.trace_id = latest.id AND contact.resident_id IN (merge.survivor_id, merge.merged_id))
)
ORDER BY 1;

-- name: days_lost
-- One number: how many civil days from `first` to `last` have no visits any more, past their time or deleted by two persons.
SELECT count(*)::int
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS on_day
WHERE NOT EXISTS (SELECT FROM log_partition WHERE log = 'visit' AND day = on_day::date)
   OR EXISTS (SELECT FROM two_person_act
              WHERE kind = 'day_delete' AND outcome = 'done' AND payload ->> 'day' = to_char(on_day, 'YYYYMMDD'))
