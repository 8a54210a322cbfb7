CREATE TABLE connection (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  environment TEXT NOT NULL,
  profile TEXT NOT NULL,
  profile_version INTEGER NOT NULL DEFAULT 1,
  claims TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  secret_changed_at INTEGER,
  secret_last_four TEXT
) STRICT;

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  dataset INTEGER NOT NULL,
  incremental_state TEXT,
  accepted_rows INTEGER NOT NULL DEFAULT 0,
  withdrawn_rows INTEGER NOT NULL DEFAULT 0,
  last_success_at INTEGER,
  UNIQUE (connection_id, dataset)
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  mode TEXT NOT NULL,
  state TEXT NOT NULL,
  code TEXT,
  message TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  heartbeat_at INTEGER NOT NULL,
  owner TEXT NOT NULL,
  until TEXT NOT NULL,
  profile_version INTEGER NOT NULL,
  rule_set TEXT NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Lists a connection's runs, newest first, and finds the one that is active.
CREATE INDEX run_of_connection ON run (connection_id, id);

CREATE TABLE run_dataset (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  dataset INTEGER NOT NULL,
  state TEXT NOT NULL,
  code TEXT,
  message TEXT,
  position TEXT,
  pass INTEGER NOT NULL DEFAULT 1,
  fetched INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  withdrawn INTEGER NOT NULL DEFAULT 0,
  superseded INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0,
  pages INTEGER NOT NULL DEFAULT 0,
  scale_agrees INTEGER NOT NULL DEFAULT 0,
  scale_mirrors INTEGER NOT NULL DEFAULT 0,
  provider_total INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (run_id, source_id)
) STRICT, WITHOUT ROWID;

-- The last runs of one dataset, for its sparkline.
CREATE INDEX run_dataset_of_source ON run_dataset (source_id, run_id);

CREATE TABLE run_request (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  dataset INTEGER,
  at INTEGER NOT NULL,
  method TEXT NOT NULL,
  url TEXT NOT NULL,
  status INTEGER,
  ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  records INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  outcome TEXT NOT NULL
) STRICT;

-- A run's request log, newest first.
CREATE INDEX run_request_of_run ON run_request (run_id, id);

CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  business_hash BLOB,
  version INTEGER,
  hash BLOB NOT NULL,
  state INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  source_time TEXT,
  fields TEXT NOT NULL,
  warnings TEXT
) STRICT;

-- Finds the cached version of a fetched row.
CREATE UNIQUE INDEX record_key ON record (source_id, key_hash);
-- Pages through the records of one dataset by number.
CREATE INDEX record_of_source ON record (source_id, id);
-- Finds the record that others refer to, and duplicates of it.
CREATE INDEX record_business ON record (source_id, business_hash) WHERE business_hash IS NOT NULL;

CREATE TABLE record_payload (
  record_id INTEGER PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
  raw BLOB NOT NULL
) STRICT;

CREATE TABLE rejection (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  record_key TEXT NOT NULL,
  outcome INTEGER NOT NULL,
  state INTEGER NOT NULL,
  first_run_id INTEGER NOT NULL,
  run_id INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  seen_count INTEGER NOT NULL,
  held_since INTEGER,
  day TEXT NOT NULL,
  hash BLOB NOT NULL,
  version INTEGER,
  department TEXT,
  region TEXT,
  title TEXT,
  business_key TEXT,
  source_time TEXT,
  reason TEXT,
  ignored_until TEXT,
  UNIQUE (source_id, key_hash)
) STRICT;

-- The inbox, newest first, for one dataset or all.
CREATE INDEX rejection_inbox ON rejection (source_id, state, id);
-- The inbox narrowed to a department.
CREATE INDEX rejection_department ON rejection (department, id);
-- What a run brought.
CREATE INDEX rejection_run ON rejection (run_id, id);
-- Held records that have waited longest.
CREATE INDEX rejection_held ON rejection (held_since) WHERE held_since IS NOT NULL;

CREATE TABLE rejection_payload (
  rejection_id INTEGER PRIMARY KEY REFERENCES rejection (id) ON DELETE CASCADE,
  raw BLOB NOT NULL,
  mapped TEXT NOT NULL,
  findings TEXT NOT NULL
) STRICT;

CREATE TABLE cause (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  rule TEXT NOT NULL,
  field TEXT NOT NULL,
  cluster TEXT NOT NULL,
  open_count INTEGER NOT NULL DEFAULT 0,
  held_count INTEGER NOT NULL DEFAULT 0,
  total_count INTEGER NOT NULL DEFAULT 0,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  UNIQUE (source_id, rule, field, cluster)
) STRICT;

-- Causes with most open rejections first.
CREATE INDEX cause_by_open ON cause (open_count, id) WHERE open_count > 0;

CREATE TABLE rejection_cause (
  cause_id INTEGER NOT NULL REFERENCES cause (id) ON DELETE CASCADE,
  rejection_id INTEGER NOT NULL REFERENCES rejection (id) ON DELETE CASCADE,
  PRIMARY KEY (cause_id, rejection_id)
) STRICT, WITHOUT ROWID;

-- The causes of one rejection.
CREATE INDEX rejection_cause_of_rejection ON rejection_cause (rejection_id);

CREATE TABLE held_wait (
  rejection_id INTEGER NOT NULL REFERENCES rejection (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  business_hash BLOB NOT NULL,
  PRIMARY KEY (rejection_id, source_id, business_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE facet_count (
  facet TEXT NOT NULL,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  state INTEGER NOT NULL,
  value TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (facet, source_id, state, value)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER rejection_added AFTER INSERT ON rejection
BEGIN
  INSERT INTO facet_count (facet, source_id, state, value, n)
  VALUES
    ('outcome', NEW.source_id, NEW.state, CAST(NEW.outcome AS TEXT), 1),
    ('department', NEW.source_id, NEW.state, COALESCE(NEW.department, ''), 1),
    ('region', NEW.source_id, NEW.state, COALESCE(NEW.region, ''), 1),
    ('day', NEW.source_id, NEW.state, NEW.day, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER rejection_changed AFTER UPDATE OF state, outcome, department, region ON rejection
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
  INSERT INTO facet_count (facet, source_id, state, value, n)
  VALUES
    ('outcome', NEW.source_id, NEW.state, CAST(NEW.outcome AS TEXT), 1),
    ('department', NEW.source_id, NEW.state, COALESCE(NEW.department, ''), 1),
    ('region', NEW.source_id, NEW.state, COALESCE(NEW.region, ''), 1),
    ('day', NEW.source_id, NEW.state, NEW.day, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
  UPDATE cause
  SET open_count = open_count + (NEW.state IN (1, 2)) - (OLD.state IN (1, 2)),
      held_count = held_count + (NEW.state IN (1, 2) AND NEW.outcome = 2) - (OLD.state IN (1, 2) AND OLD.outcome = 2)
  WHERE id IN (SELECT cause_id FROM rejection_cause WHERE rejection_id = NEW.id);
END;

CREATE TRIGGER rejection_cause_added AFTER INSERT ON rejection_cause
BEGIN
  UPDATE cause
  SET total_count = total_count + 1,
      open_count = open_count + (SELECT state IN (1, 2) FROM rejection WHERE id = NEW.rejection_id),
      held_count = held_count + (SELECT state IN (1, 2) AND outcome = 2 FROM rejection WHERE id = NEW.rejection_id)
  WHERE id = NEW.cause_id;
END;

CREATE TRIGGER rejection_cause_removed AFTER DELETE ON rejection_cause
BEGIN
  UPDATE cause
  SET total_count = total_count - 1,
      open_count = open_count - COALESCE((SELECT state IN (1, 2) FROM rejection WHERE id = OLD.rejection_id), 0),
      held_count = held_count - COALESCE((SELECT state IN (1, 2) AND outcome = 2 FROM rejection WHERE id = OLD.rejection_id), 0)
  WHERE id = OLD.cause_id;
END;

-- Bigrams of the searched fields; the rowid is the rejection's id.
CREATE VIRTUAL TABLE rejection_search USING fts5 (body, content = '', contentless_delete = 1);

CREATE TABLE binding (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  identity_key TEXT,
  identity_title TEXT,
  account_id TEXT,
  account_title TEXT,
  state TEXT NOT NULL,
  conflicts TEXT NOT NULL,
  evidence TEXT NOT NULL,
  candidates TEXT NOT NULL,
  computed_at INTEGER NOT NULL
) STRICT;

-- A connection's bindings by state.
CREATE INDEX binding_by_state ON binding (connection_id, state, id);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
