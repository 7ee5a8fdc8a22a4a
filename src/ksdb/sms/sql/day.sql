-- name: count_up
-- Nothing; the day's figures of a carrier are higher by these. One index probe.
INSERT INTO sms_day ("on", carrier, texts, segments, cost, delivered, failed)
VALUES (%(on)s, %(carrier)s, %(texts)s, %(segments)s, %(cost)s, %(delivered)s, %(failed)s)
ON CONFLICT ("on", carrier) DO UPDATE
SET texts = sms_day.texts + excluded.texts, segments = sms_day.segments + excluded.segments,
    cost = sms_day.cost + excluded.cost, delivered = sms_day.delivered + excluded.delivered,
    failed = sms_day.failed + excluded.failed;
