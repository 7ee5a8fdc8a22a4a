-- name: spend
-- Counts so many attempts under a key and answers how many there were and until when they count; one statement, so
-- that processes cannot overtake each other. The attempt that uses up the limit starts the waiting time anew; those
-- after it do not, and are counted to where they can be told from it.
INSERT INTO access_attempt AS tried (key, count, until)
VALUES (%(key)s, %(amount)s, %(now)s + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tried.until <= %(now)s THEN %(amount)s
                 ELSE least(tried.count + %(amount)s, %(most)s + %(amount)s + 1) END,
    until = CASE WHEN tried.until <= %(now)s
                      OR tried.count < %(most)s AND tried.count + %(amount)s >= %(most)s
                 THEN excluded.until ELSE tried.until END
RETURNING count, until;
