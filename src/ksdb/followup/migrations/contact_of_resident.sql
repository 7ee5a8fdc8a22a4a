CREATE INDEX contact_of_resident ON contact (resident_id)
