-- name: partitions
-- One row per day partition of the two logs whose day lies in [since, until): its name, its day, and whether it holds
-- visits. From the catalogue alone.
SELECT name, day, log = 'visit' FROM log_partition WHERE day >= %(since)s AND day < %(until)s ORDER BY day, name;

-- name: day_counts
-- One row per day kept: the day, and the planner's estimates of its visits and its refusals. From the catalogue alone.
SELECT day, sum(estimate) FILTER (WHERE log = 'visit')::bigint, sum(estimate) FILTER (WHERE log = 'refusal')::bigint
FROM log_partition WHERE day <= %(today)s GROUP BY day ORDER BY day;

-- name: partition_proof
-- One row: how many rows the partition holds, the first and the last instant, and the SHA-256 of its keys in order. Locks
-- it against writers until the transaction ends, and reads it whole.
SELECT row_count, first_at, last_at, keys_sha256 FROM partition_proof(%(name)s);

-- name: drop_partition
-- Drops one day partition of a log, with its rows.
SELECT drop_partition(%(name)s);

-- name: noted_retention
-- How many days are kept, as the owner noted it. One row.
SELECT kept_days FROM log_retention;

-- name: note_retention
-- Notes how many days are kept; only the owner may.
UPDATE log_retention SET kept_days = %(days)s WHERE kept_days <> %(days)s;
