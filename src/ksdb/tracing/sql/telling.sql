-- name: longest_of_contacts
-- One row per contact of the first generation of a trace: the resident, the kind of place where he was longest with
-- the case, whether that place is sensitive, and when. One index scan a contact.
SELECT DISTINCT ON (contact.id) contact.resident_id, point.type_id, point.is_sensitive, met.started_at
FROM contact
JOIN co_presence AS met ON met.contact_id = contact.id
JOIN scan_point AS point ON point.id = met.point_id
WHERE contact.trace_id = %(trace)s AND contact.generation = 1
ORDER BY contact.id, met.ended_at - met.started_at DESC, met.started_at;
