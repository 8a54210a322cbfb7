-- What a run covers (JSON), and which run it undoes.
ALTER TABLE run ADD COLUMN scope TEXT;
ALTER TABLE run ADD COLUMN undoes INTEGER;
-- Asked to wait at the next page edge.
ALTER TABLE run ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
-- Who asked for it: a person, a schedule.
ALTER TABLE run ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
-- The request that goes on at present (JSON), as of the last sign of life.
ALTER TABLE run ADD COLUMN request TEXT;

-- Runs that go on, rest or were interrupted, for the live view of all connections.
CREATE INDEX run_unfinished ON run (connection_id) WHERE ended_at IS NULL;

-- Where the source began before this run moved it, for undo; rows delivered; rows that are usual.
ALTER TABLE run_dataset ADD COLUMN cursor_before TEXT;
ALTER TABLE run_dataset ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_dataset ADD COLUMN usual_rows INTEGER;

-- The profile version that a record was last written under, and how: run, revalidation, undo.
ALTER TABLE record ADD COLUMN profile_version INTEGER;
ALTER TABLE record ADD COLUMN via TEXT NOT NULL DEFAULT 'run';

-- Every earlier state of a record: written when a later one replaces it.
CREATE TABLE record_version (
  id INTEGER PRIMARY KEY,
  record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  replaced_by INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  business_hash BLOB,
  version INTEGER,
  hash BLOB NOT NULL,
  state INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  source_time TEXT,
  profile_version INTEGER,
  via TEXT NOT NULL,
  fields TEXT NOT NULL,
  warnings TEXT,
  raw BLOB NOT NULL
) STRICT;

-- A record's history, and what it was before a run.
CREATE INDEX record_version_of_record ON record_version (record_id, id);
-- What a run replaced, for undo and for retention.
CREATE INDEX record_version_of_run ON record_version (replaced_by, id);

-- What a run brought, for undo and for the list behind its numbers.
CREATE INDEX record_of_run ON record (run_id, id);

-- A rejection as it was before a run changed it, for undo; the row and what hangs on it as JSON.
CREATE TABLE rejection_version (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  replaced_by INTEGER NOT NULL,
  replaced_at INTEGER NOT NULL,
  image TEXT NOT NULL
) STRICT;

-- What a run changed, for undo and for retention.
CREATE INDEX rejection_version_of_run ON rejection_version (replaced_by, id);
-- Whether something changed a rejection later.
CREATE INDEX rejection_version_of_key ON rejection_version (source_id, key_hash, id);

-- Accepted and withdrawn records that the portal's library does not have yet, in their order.
CREATE TABLE outbox (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  record_id INTEGER NOT NULL,
  key_hash BLOB NOT NULL,
  record_key TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  -- 1 put, 2 remove
  act INTEGER NOT NULL
) STRICT;

-- What waits for one connection's library.
CREATE INDEX outbox_of_connection ON outbox (connection_id, no);

-- What the library has of a record.
CREATE TABLE delivered (
  record_id INTEGER PRIMARY KEY,
  no INTEGER NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- When a connection runs by itself.
CREATE TABLE schedule (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  definition TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  -- The latest time of it that some host has taken: started, or passed over.
  last_due_at INTEGER NOT NULL,
  last_run_id INTEGER
) STRICT;

-- Times of a schedule that passed without their run, and what was done instead.
CREATE TABLE schedule_miss (
  id INTEGER PRIMARY KEY,
  schedule_id INTEGER NOT NULL REFERENCES schedule (id) ON DELETE CASCADE,
  first_due_at INTEGER NOT NULL,
  last_due_at INTEGER NOT NULL,
  times INTEGER NOT NULL,
  -- off, running, paused, refused
  reason TEXT NOT NULL,
  message TEXT,
  noticed_at INTEGER NOT NULL,
  -- The run that made up for them.
  run_id INTEGER
) STRICT;

-- The last times that a schedule missed.
CREATE INDEX schedule_miss_of_schedule ON schedule_miss (schedule_id, id);

-- A comparison with the provider's counts, kept and signed off.
CREATE TABLE reconciliation (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  begun_at INTEGER NOT NULL,
  ended_at INTEGER,
  actor TEXT NOT NULL,
  scope TEXT NOT NULL,
  code TEXT,
  message TEXT,
  signed_by TEXT,
  signed_at INTEGER,
  note TEXT
) STRICT;

CREATE TABLE reconciliation_cell (
  id INTEGER PRIMARY KEY,
  reconciliation_id INTEGER NOT NULL REFERENCES reconciliation (id) ON DELETE CASCADE,
  dataset INTEGER NOT NULL,
  day TEXT NOT NULL,
  department TEXT NOT NULL,
  provider INTEGER,
  received INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  held INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  -- equal, short, over, unknown; looked into: compared
  state TEXT NOT NULL,
  UNIQUE (reconciliation_id, dataset, day, department)
) STRICT;

CREATE TABLE reconciliation_key (
  id INTEGER PRIMARY KEY,
  cell_id INTEGER NOT NULL REFERENCES reconciliation_cell (id) ON DELETE CASCADE,
  -- missing, surplus, doubled, different
  kind TEXT NOT NULL,
  record_key TEXT NOT NULL,
  key_hash BLOB NOT NULL,
  healed_at INTEGER,
  UNIQUE (cell_id, kind, key_hash)
) STRICT;

-- Fields that a source's rows have, as they were last seen.
CREATE TABLE source_field (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- text, number, boolean, object, array, null
  kind TEXT NOT NULL,
  first_run_id INTEGER NOT NULL,
  last_run_id INTEGER NOT NULL,
  PRIMARY KEY (source_id, name)
) STRICT, WITHOUT ROWID;

-- Fields that came, went or changed their form in a run.
CREATE TABLE run_drift (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- new, missing, retyped
  kind TEXT NOT NULL,
  was TEXT,
  now TEXT,
  rows INTEGER NOT NULL DEFAULT 0,
  example TEXT,
  PRIMARY KEY (run_id, source_id, name)
) STRICT, WITHOUT ROWID;
