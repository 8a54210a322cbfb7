-- What a run covers (JSON), and which run it undoes.
ALTER TABLE run ADD COLUMN scope TEXT;
ALTER TABLE run ADD COLUMN undoes INTEGER;
-- Asked to wait at the next page edge.
ALTER TABLE run ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
-- Who asked for it: a person, a schedule.
ALTER TABLE run ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
-- Whether earlier states that it replaced are gone, so that it cannot be undone; so are those of runs
-- before this format.
ALTER TABLE run ADD COLUMN history_forgotten INTEGER NOT NULL DEFAULT 0;
-- The request that goes on at present (JSON), as of the last sign of life.
ALTER TABLE run ADD COLUMN request TEXT;

-- Runs that go on, rest or were interrupted, for the live view of all connections.
CREATE INDEX run_unfinished ON run (connection_id) WHERE ended_at IS NULL;

UPDATE run
SET history_forgotten = 1;

-- Headers sent and received, secrets replaced, as JSON.
ALTER TABLE run_request ADD COLUMN sent TEXT;
ALTER TABLE run_request ADD COLUMN received TEXT;

-- Where the source began before this run moved it ('null' for nowhere, NULL if it did not move it),
-- for undo; rows delivered; rows that are usual.
ALTER TABLE run_dataset ADD COLUMN cursor_before TEXT;
ALTER TABLE run_dataset ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_dataset ADD COLUMN usual_rows INTEGER;

-- The profile version that a record was last written under, how (run, revalidation, undo), and by
-- whom, where it was a person.
ALTER TABLE record ADD COLUMN profile_version INTEGER;
ALTER TABLE record ADD COLUMN via TEXT NOT NULL DEFAULT 'run';
ALTER TABLE record ADD COLUMN actor TEXT;

-- Every earlier state of a record: written when a later one replaces it. It outlives the record, which
-- an undo may remove. With an actor, a person replaced it after the run `replaced_by`.
CREATE TABLE record_version (
  id INTEGER PRIMARY KEY,
  record_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  replaced_by INTEGER NOT NULL,
  replaced_by_actor TEXT,
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
  actor TEXT,
  fields TEXT NOT NULL,
  warnings TEXT,
  raw BLOB NOT NULL
) STRICT;

-- A record's history, and what it was before a run.
CREATE INDEX record_version_of_key ON record_version (source_id, key_hash, id);
-- What a run replaced, for undo and for retention.
CREATE INDEX record_version_of_run ON record_version (replaced_by, id);
-- What a run brought and a later one replaced.
CREATE INDEX record_version_of_origin ON record_version (run_id, id);
-- Finds a record by its number, also after it was replaced.
CREATE INDEX record_version_business ON record_version (business_hash) WHERE business_hash IS NOT NULL;

-- What a run brought, for undo and for the list behind its numbers.
CREATE INDEX record_of_run ON record (run_id, id);

-- A rejection as it was before a run changed it, for undo; the row and what hangs on it as JSON, empty
-- where there was none. With an actor, a person changed it after the run `replaced_by`.
CREATE TABLE rejection_version (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  first_run_id INTEGER,
  replaced_by INTEGER NOT NULL,
  actor TEXT,
  act TEXT NOT NULL,
  replaced_at INTEGER NOT NULL,
  image TEXT NOT NULL
) STRICT;

-- What a run changed, for undo and for retention.
CREATE INDEX rejection_version_of_run ON rejection_version (replaced_by, id);
-- Whether something changed a rejection later.
CREATE INDEX rejection_version_of_key ON rejection_version (source_id, key_hash, id);
-- What a run opened and something removed or changed later.
CREATE INDEX rejection_version_of_origin ON rejection_version (first_run_id, id);
-- What a run opened.
CREATE INDEX rejection_first_run ON rejection (first_run_id, id);

-- Causes without any rejection are forgotten when the last one leaves them.
DELETE FROM cause
WHERE total_count = 0;

-- Which causes a run's rejections had, to compare it with later ones.
CREATE TABLE run_cause (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  rule TEXT NOT NULL,
  field TEXT NOT NULL,
  cluster TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (run_id, source_id, rule, field, cluster)
) STRICT, WITHOUT ROWID;

-- What an undo did with each key that the undone run had touched.
CREATE TABLE undone (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  record_key TEXT NOT NULL,
  -- 1 restored, 2 removed, 3 kept
  fate INTEGER NOT NULL,
  -- What changed a kept one since: the run, or a person after it.
  since_run_id INTEGER,
  since_actor TEXT,
  since_act TEXT,
  since_at INTEGER,
  UNIQUE (run_id, source_id, key_hash)
) STRICT;

-- The list behind each number of an undo.
CREATE INDEX undone_by_fate ON undone (run_id, fate, id);

-- Where a connection's records go on to, and how far that is. The token changes with each batch, here
-- and in the library: a copy of this cache that fell behind is found out by it.
CREATE TABLE delivery (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  -- Names this cache's connection in the library; never changed.
  stream TEXT NOT NULL,
  -- What names the library: another place is another library.
  place TEXT NOT NULL,
  -- The last batch that is known to have arrived, and the one under way.
  token TEXT,
  token_no INTEGER NOT NULL DEFAULT 0,
  next_token TEXT,
  next_no INTEGER,
  -- A person decided that this cache is the right one.
  takes_over INTEGER NOT NULL DEFAULT 0,
  -- never, running, succeeded, cancelled, failed
  state TEXT NOT NULL DEFAULT 'never',
  code TEXT,
  message TEXT,
  owner TEXT NOT NULL DEFAULT '',
  heartbeat_at INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  begun_at INTEGER,
  ended_at INTEGER,
  -- Rows of the last delivery.
  delivered INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Accepted and withdrawn records that the portal's library does not have yet, in their order.
CREATE TABLE outbox (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  record_id INTEGER NOT NULL,
  key_hash BLOB NOT NULL,
  -- 0 where it is counted for no run
  run_id INTEGER NOT NULL,
  -- 1 put, 2 remove
  act INTEGER NOT NULL
) STRICT;

-- What waits for one connection's library.
CREATE INDEX outbox_of_connection ON outbox (connection_id, no);
-- Whether a record waits.
CREATE INDEX outbox_of_record ON outbox (record_id);

-- What the library has of a record, or why it refused it.
CREATE TABLE delivered (
  record_id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  no INTEGER NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Everything of one source, when its library changes.
CREATE INDEX delivered_of_source ON delivered (source_id);

-- Rows in the outbox, kept by triggers so that no screen counts them.
ALTER TABLE source ADD COLUMN outbox_rows INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER outbox_added AFTER INSERT ON outbox
BEGIN
  UPDATE source SET outbox_rows = outbox_rows + 1 WHERE id = NEW.source_id;
END;

CREATE TRIGGER outbox_removed AFTER DELETE ON outbox
BEGIN
  UPDATE source SET outbox_rows = outbox_rows - 1 WHERE id = OLD.source_id;
END;

-- Whatever writes a record, the library is told of it in the same transaction, where there is one.
CREATE TRIGGER record_added AFTER INSERT ON record
WHEN EXISTS (
  SELECT 1
  FROM source s
  JOIN delivery d ON d.connection_id = s.connection_id
  WHERE s.id = NEW.source_id)
BEGIN
  INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
  SELECT connection_id, NEW.source_id, NEW.id, NEW.key_hash, NEW.run_id, 1
  FROM source
  WHERE id = NEW.source_id;
END;

CREATE TRIGGER record_changed AFTER UPDATE OF hash, state, run_id, fields ON record
WHEN EXISTS (
  SELECT 1
  FROM source s
  JOIN delivery d ON d.connection_id = s.connection_id
  WHERE s.id = NEW.source_id)
BEGIN
  INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
  SELECT connection_id, NEW.source_id, NEW.id, NEW.key_hash, NEW.run_id, 1
  FROM source
  WHERE id = NEW.source_id;
END;

CREATE TRIGGER record_removed AFTER DELETE ON record
WHEN EXISTS (
  SELECT 1
  FROM source s
  JOIN delivery d ON d.connection_id = s.connection_id
  WHERE s.id = OLD.source_id)
BEGIN
  DELETE FROM delivered WHERE record_id = OLD.id;
  INSERT INTO outbox (connection_id, source_id, record_id, key_hash, run_id, act)
  SELECT connection_id, OLD.source_id, OLD.id, OLD.key_hash, 0, 2
  FROM source
  WHERE id = OLD.source_id;
END;

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
  -- equal, short, over, differs, unknown; looked into: explained, healed
  state TEXT NOT NULL,
  -- When its keys were compared one by one.
  looked_at INTEGER,
  UNIQUE (reconciliation_id, dataset, day, department)
) STRICT;

CREATE TABLE reconciliation_key (
  id INTEGER PRIMARY KEY,
  cell_id INTEGER NOT NULL REFERENCES reconciliation_cell (id) ON DELETE CASCADE,
  -- missing, surplus, doubled, different
  kind TEXT NOT NULL,
  record_key TEXT NOT NULL,
  key_hash BLOB NOT NULL,
  -- Hash of the provider's content, of what it sent.
  hash BLOB,
  healed_at INTEGER,
  UNIQUE (cell_id, kind, key_hash)
) STRICT;

-- Fields that a source's rows have, as they were last seen.
CREATE TABLE source_field (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- text, number, boolean, object, array; several joined by +; empty where it never had a value
  kind TEXT NOT NULL,
  -- Whether every row of the last run had it.
  always INTEGER NOT NULL,
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

-- What a person decided of a part of a run that a guard stopped; go_on holds for this run alone.
CREATE TABLE run_decision (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  -- the guard: reject_rate, nothing_received, implausible, page_drift, scale_reversed, schema_drift
  code TEXT NOT NULL,
  -- go_on, stop
  decision TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, source_id, code)
) STRICT, WITHOUT ROWID;
