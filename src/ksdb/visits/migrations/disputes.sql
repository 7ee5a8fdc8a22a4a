-- The visits that count: all but those of which a dispute was accepted. Traces read this, with the rights of
-- whoever asks, so that nobody writes through it what he may not write to the log; the log keeps every visit.
CREATE VIEW counted_visit WITH (security_invoker = true) AS
SELECT visit.point_id, visit.scanned_at, visit.device_id, visit.sequence, visit.card_index, visit.resident_id, visit.result,
       visit.is_exit, visit.received_at, visit.marks
FROM visit
WHERE NOT EXISTS (
    SELECT FROM visit_dispute dispute
    WHERE dispute.state = 'accepted' AND dispute.point_id = visit.point_id AND dispute.scanned_at = visit.scanned_at
      AND dispute.device_id = visit.device_id AND dispute.sequence = visit.sequence
);
