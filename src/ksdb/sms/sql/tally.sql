-- name: count_up
-- Nothing; the day's figures of a carrier are higher by these. One index probe.
INSERT INTO sms_tally ("on", carrier, texts, segments, cost, delivered, failed)
VALUES (%(on)s, %(carrier)s, %(texts)s, %(segments)s, %(cost)s, %(delivered)s, %(failed)s)
ON CONFLICT ("on", carrier) DO UPDATE
SET texts = sms_tally.texts + excluded.texts, segments = sms_tally.segments + excluded.segments,
    cost = sms_tally.cost + excluded.cost, delivered = sms_tally.delivered + excluded.delivered,
    failed = sms_tally.failed + excluded.failed;
