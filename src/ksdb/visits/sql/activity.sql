-- name: activity_of_points
-- One row per scan point named: devices not revoked, visits and refusals of the day, and when a device was last heard, be it
-- that it only asked for news.
-- One index scan of the day's partition per point.
SELECT point.id,
       count(device.id) FILTER (WHERE device.revoked_at IS NULL)::int AS devices,
       (SELECT count(*) FROM visit
         WHERE visit.point_id = point.id AND scanned_at >= %(since)s AND scanned_at < %(until)s)::int AS visits,
       (SELECT count(*) FROM refusal
         WHERE refusal.point_id = point.id AND received_at >= %(since)s AND received_at < %(until)s)::int AS refusals,
       greatest(max(device_intake.seen_at), max(state.told_at)) AS seen_at
FROM scan_point point
LEFT JOIN device ON device.point_id = point.id
LEFT JOIN device_intake ON device_intake.device_id = device.id
LEFT JOIN device_state state ON state.device_id = device.id
WHERE point.id = ANY(%(points)s)
GROUP BY point.id
