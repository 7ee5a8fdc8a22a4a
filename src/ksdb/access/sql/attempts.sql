-- name: spend
-- Counts one attempt under a key and answers how many there were and until when they count; one statement, so that
-- processes cannot overtake each other. The attempt that uses up the limit starts the waiting time anew; those after
-- it do not.
INSERT INTO access_attempt AS tried (key, count, until)
VALUES (%(key)s, 1, %(now)s + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tried.until <= %(now)s THEN 1 ELSE least(tried.count + 1, %(most)s + 2) END,
    until = CASE WHEN tried.until <= %(now)s OR tried.count + 1 = %(most)s
                 THEN excluded.until ELSE tried.until END
RETURNING count, until;
