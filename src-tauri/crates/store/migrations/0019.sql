-- New records are told to the portal's library and to who looks at people by whoever adds them (see
-- `record::Followers`): a trigger makes SQLite copy each page that an insert is about to change.
DROP TRIGGER record_added;
DROP TRIGGER person_added;

-- Goes through the held rows of a source by number, without the many that do not wait.
CREATE INDEX rejection_waits ON rejection (source_id, id) WHERE held_since IS NOT NULL;
