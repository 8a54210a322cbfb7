-- Accepted records that a run withdrew, for the deletion guard.
ALTER TABLE run_dataset ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- Rejections are forgotten by retention; the counters follow.
CREATE TRIGGER rejection_removed AFTER DELETE ON rejection
BEGIN
  UPDATE facet_count
  SET n = n - 1
  WHERE source_id = OLD.source_id
    AND state = OLD.state
    AND (facet, value) IN (VALUES
      ('outcome', CAST(OLD.outcome AS TEXT)),
      ('department', COALESCE(OLD.department, '')),
      ('region', COALESCE(OLD.region, '')),
      ('day', OLD.day));
END;

-- Resolved rejections of a source, for retention.
CREATE INDEX rejection_resolved ON rejection (source_id, seen_at) WHERE state = 3;

-- A new secret waits beside the old one until it has passed a test; the expiry is the user's word.
ALTER TABLE connection ADD COLUMN next_secret_changed_at INTEGER;
ALTER TABLE connection ADD COLUMN next_secret_last_four TEXT;
ALTER TABLE connection ADD COLUMN secret_expires_on TEXT;

-- Every saved state of a connection's profile.
CREATE TABLE profile_version (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  profile TEXT NOT NULL,
  PRIMARY KEY (connection_id, version)
) STRICT, WITHOUT ROWID;

INSERT INTO profile_version (connection_id, version, at, actor, profile)
SELECT id, profile_version, updated_at, '', profile
FROM connection;
