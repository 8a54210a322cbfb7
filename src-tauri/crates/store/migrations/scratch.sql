-- Only in the scratch cache of a dry run: what the run is, and every row that it was given.
CREATE TABLE IF NOT EXISTS dry_run (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  verifies INTEGER NOT NULL,
  -- How the real cache stood when the dry run began, as JSON text.
  mark TEXT NOT NULL,
  applied_run_id INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS dry_row (
  no INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  key_hash BLOB NOT NULL,
  record_key TEXT NOT NULL,
  before TEXT,
  after TEXT,
  findings TEXT,
  raw BLOB,
  slip TEXT
) STRICT;

-- The list behind a number: rows of one outcome, of all datasets or of one.
CREATE INDEX IF NOT EXISTS dry_row_of_outcome ON dry_row (outcome, no);
CREATE INDEX IF NOT EXISTS dry_row_of_source ON dry_row (source_id, outcome, no);
-- Whether the provider sent a key; what became of a row that was held.
CREATE INDEX IF NOT EXISTS dry_row_of_key ON dry_row (source_id, key_hash);
-- The rows of one batch, for the real run of the same data.
CREATE INDEX IF NOT EXISTS dry_row_of_batch ON dry_row (source_id, batch, no) WHERE raw IS NOT NULL;
