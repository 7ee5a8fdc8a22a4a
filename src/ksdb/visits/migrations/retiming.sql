-- Moves the scans of a device whose clock was wrong, [since_at, until_at) by the times in the log, by `moved_by`; one row per visit:
-- whose it is. Each visit keeps the time that stood there (claimed_at) and the mark 4, clock corrected. They arrive anew, so that
-- whoever reads what is new reads them. Codes of other systems and disputes go with their visits; flags are raised again.
-- Refusals for a time in the future (30) become visits, unless the card was out of use by then: suspended (3), revoked (4), expired
-- (5). Whether such a scan was an exit is not known. Results: 1 accepted, 2 not verified, 3 attention; statuses: 2 active, 6 attention.
CREATE FUNCTION retime_scans(
    at_point integer, of_device integer, since_at timestamptz, until_at timestamptz, moved_by interval
) RETURNS SETOF integer LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM visit_flag
    WHERE point_id = at_point AND device_id = of_device AND scanned_at >= since_at AND scanned_at < until_at;
    UPDATE foreign_scan SET scanned_at = scanned_at + moved_by
    WHERE point_id = at_point AND device_id = of_device AND scanned_at >= since_at AND scanned_at < until_at;
    UPDATE visit_dispute SET scanned_at = scanned_at + moved_by
    WHERE point_id = at_point AND device_id = of_device AND scanned_at >= since_at AND scanned_at < until_at;
    RETURN QUERY
    UPDATE visit SET claimed_at = coalesce(claimed_at, scanned_at), scanned_at = scanned_at + moved_by,
                     marks = (marks | 4)::smallint, received_at = clock_timestamp()
    WHERE point_id = at_point AND device_id = of_device AND scanned_at >= since_at AND scanned_at < until_at
    RETURNING resident_id;
    RETURN QUERY
    WITH good AS (
        SELECT refusal.received_at, refusal.sequence, refusal.scanned_at, card.index, card.resident_id,
               CASE WHEN card.status_since > refusal.scanned_at + moved_by OR card.status = 2 THEN 1
                    WHEN card.status = 6 THEN 3 ELSE 2 END AS result
        FROM refusal JOIN card ON card.index = refusal.card_index
            AND (card.status NOT IN (3, 4, 5) OR card.status_since > refusal.scanned_at + moved_by)
        WHERE refusal.point_id = at_point AND refusal.device_id = of_device AND refusal.reason = 30
          AND refusal.scanned_at >= since_at AND refusal.scanned_at < until_at
    ), taken AS (
        DELETE FROM refusal USING good
        WHERE refusal.point_id = at_point AND refusal.received_at = good.received_at
          AND refusal.device_id = of_device AND refusal.sequence = good.sequence
    )
    INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, marks, claimed_at)
    SELECT at_point, good.scanned_at + moved_by, of_device, good.sequence, good.index, good.resident_id, good.result, 4,
           good.scanned_at
    FROM good
    RETURNING resident_id;
END $$;
