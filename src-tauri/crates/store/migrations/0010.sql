-- Rejections whose key is wrong in the part that names the provider: found again by the other parts when
-- the same record comes with the right one.
CREATE TABLE rejection_doubt (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  -- Hash of the other parts of the key.
  rest_hash BLOB NOT NULL,
  rejection_id INTEGER NOT NULL REFERENCES rejection (id) ON DELETE CASCADE,
  PRIMARY KEY (source_id, rest_hash, rejection_id)
) STRICT, WITHOUT ROWID;

-- A rejection that goes away takes its doubt with it.
CREATE INDEX rejection_doubt_of_rejection ON rejection_doubt (rejection_id);
