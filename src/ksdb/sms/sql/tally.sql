-- name: count_one
-- Counts one event of a kind in its hour; one row an hour and kind.
INSERT INTO sms_tally AS counted (hour, kind, count) VALUES (date_trunc('hour', %(at)s::timestamptz), %(kind)s, 1)
ON CONFLICT (hour, kind) DO UPDATE SET count = counted.count + 1;
