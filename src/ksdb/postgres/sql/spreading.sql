-- name: has_citus
-- One row: whether the extension is in this database.
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus');

-- name: spread_tables
-- One row per table that is distributed already, by name. Only where Citus is.
SELECT logicalrelid::text FROM pg_dist_partition WHERE partmethod = 'h';

-- name: spread_table
-- Distributes a table of the log, with its partitions and rows, by scan point, beside another table or by itself.
SELECT create_distributed_table(%(name)s, 'point_id', colocate_with => %(beside)s);

-- name: copy_table_everywhere
-- Puts a whole copy of a small table on each server, unless it lies there already. Only where Citus is.
SELECT create_reference_table(%(name)s)
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = %(name)s::regclass)
