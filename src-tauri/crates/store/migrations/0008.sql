-- Decisions to ignore: over rows that were chosen, or standing, over a cause and so over rejections of
-- it that come later. One that has ended is kept for the list.
CREATE TABLE ignore_decision (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  -- The cause, of a standing one.
  source_id INTEGER REFERENCES source (id) ON DELETE CASCADE,
  rule TEXT,
  field TEXT,
  cluster TEXT,
  -- How rows were chosen, as JSON text, of one that does not stand.
  chosen TEXT,
  -- 1 until the value changes, 2 until a date, 3 for ever
  term INTEGER NOT NULL,
  until TEXT,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  ended_at INTEGER,
  -- Who revoked it; empty where its date has passed.
  ended_by TEXT,
  -- Rejections that are ignored by it, kept by triggers so that no screen counts them.
  covers INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The standing decision on a cause, asked at every commit.
CREATE INDEX ignore_decision_standing ON ignore_decision (source_id, rule, field, cluster)
WHERE source_id IS NOT NULL AND ended_at IS NULL;
-- A connection's decisions, newest first.
CREATE INDEX ignore_decision_of_connection ON ignore_decision (connection_id, id);
-- Decisions whose date has passed.
CREATE INDEX ignore_decision_until ON ignore_decision (until)
WHERE until IS NOT NULL AND ended_at IS NULL;

-- Which decision a rejection is ignored by, and what it was before.
CREATE TABLE rejection_ignore (
  rejection_id INTEGER PRIMARY KEY REFERENCES rejection (id) ON DELETE CASCADE,
  decision_id INTEGER NOT NULL REFERENCES ignore_decision (id) ON DELETE CASCADE,
  was_state INTEGER NOT NULL
) STRICT;

-- What a decision covers, for its list and to revoke it.
CREATE INDEX rejection_ignore_of_decision ON rejection_ignore (decision_id, rejection_id);
-- Ignored rejections whose date has passed.
CREATE INDEX rejection_ignored_until ON rejection (ignored_until)
WHERE ignored_until IS NOT NULL AND state = 4;

CREATE TRIGGER rejection_ignore_added AFTER INSERT ON rejection_ignore
BEGIN
  UPDATE ignore_decision SET covers = covers + 1 WHERE id = NEW.decision_id;
END;

CREATE TRIGGER rejection_ignore_removed AFTER DELETE ON rejection_ignore
BEGIN
  UPDATE ignore_decision SET covers = covers - 1 WHERE id = OLD.decision_id;
END;

CREATE TRIGGER rejection_not_ignored_any_more AFTER UPDATE OF state ON rejection
WHEN OLD.state = 4 AND NEW.state <> 4
BEGIN
  DELETE FROM rejection_ignore WHERE rejection_id = NEW.id;
END;

-- What a run that checks rejections again is to look at, and how far it is.
CREATE TABLE mend (
  run_id INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
  -- As it was asked for, as JSON text.
  request TEXT NOT NULL,
  -- The rejections, as JSON text; NULL where each is in mend_item.
  filter TEXT,
  -- The greatest number that there was in the beginning, and the last one that was looked at.
  upto INTEGER NOT NULL,
  after_id INTEGER NOT NULL DEFAULT 0,
  -- How many there are to look at, as far as it was known.
  total INTEGER NOT NULL,
  -- How many come first.
  canary INTEGER NOT NULL,
  -- canary, asks, rest
  phase TEXT NOT NULL,
  -- Why it asks: canary_differs, canary_otherwise, canary_none.
  asks TEXT
) STRICT;

-- What became of each rejection.
CREATE TABLE mend_item (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  rejection_id INTEGER NOT NULL,
  canary INTEGER NOT NULL,
  -- 1 accepted, 2 fails as before, 3 fails otherwise, 4 left alone; NULL while it waits
  predicted INTEGER,
  fate INTEGER,
  dataset INTEGER NOT NULL,
  record_key TEXT NOT NULL,
  -- Rules and fields that it fails by now, as JSON text.
  fails TEXT,
  UNIQUE (run_id, rejection_id)
) STRICT;

-- The list behind each number, and what still waits.
CREATE INDEX mend_item_by_fate ON mend_item (run_id, fate, id);
-- The canaries.
CREATE INDEX mend_item_canary ON mend_item (run_id, id) WHERE canary = 1;
