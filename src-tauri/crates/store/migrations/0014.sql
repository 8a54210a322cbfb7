-- The bindings by numbers of records: texts are read from the records when they are shown. What was
-- computed in the former form is computed anew by the next review.
DROP TABLE binding;

CREATE TABLE binding (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  -- Places in the lists of kinds and states.
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  -- The account's record; none where an identity has no account.
  account_record INTEGER,
  account_id TEXT,
  site TEXT,
  person_record INTEGER,
  -- Sets, one bit a kind.
  conflicts INTEGER NOT NULL,
  compared INTEGER NOT NULL,
  agreed INTEGER NOT NULL,
  -- Numbers of records as JSON.
  candidates TEXT,
  -- The decision that holds, and for "later" its day.
  act TEXT,
  until TEXT,
  -- What the review that was last signed off had; none where it did not have the binding.
  signed_state INTEGER,
  signed_conflicts INTEGER
) STRICT;

-- The binding of an account.
CREATE UNIQUE INDEX binding_of_account ON binding (connection_id, account_record)
WHERE account_record IS NOT NULL;

-- The binding of an identity without an account.
CREATE UNIQUE INDEX binding_of_person ON binding (connection_id, person_record)
WHERE account_record IS NULL;

-- The accounts of an identity.
CREATE INDEX binding_by_person ON binding (connection_id, person_record, id)
WHERE account_record IS NOT NULL;

-- The search for an account, and the binding that a decision is about.
CREATE INDEX binding_by_account_id ON binding (connection_id, account_id)
WHERE account_id IS NOT NULL;

-- A connection's bindings by state.
CREATE INDEX binding_by_state ON binding (connection_id, state, id);

-- A site's.
CREATE INDEX binding_by_site ON binding (connection_id, site, id);

-- Those with a conflict, whatever else is asked of them.
CREATE INDEX binding_conflicting ON binding (connection_id, id, conflicts, state, kind, site, act, until)
WHERE conflicts <> 0;

-- Those with a decision.
CREATE INDEX binding_decided ON binding (connection_id, id, act, until)
WHERE act IS NOT NULL;

-- Those that differ from the review that was last signed off.
CREATE INDEX binding_drifted ON binding (connection_id, id)
WHERE signed_state IS NULL OR signed_state <> state OR signed_conflicts <> conflicts;

-- How many bindings share everything that a list can be narrowed by: all counts are sums of these.
CREATE TABLE binding_count (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  has_account INTEGER NOT NULL,
  site TEXT NOT NULL,
  act TEXT NOT NULL,
  until TEXT NOT NULL,
  conflicts INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (connection_id, kind, state, has_account, site, act, until, conflicts)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER binding_added AFTER INSERT ON binding
BEGIN
  INSERT INTO binding_count (connection_id, kind, state, has_account, site, act, until, conflicts, n)
  VALUES (NEW.connection_id, NEW.kind, NEW.state, NEW.account_record IS NOT NULL, COALESCE(NEW.site, ''),
    COALESCE(NEW.act, ''), COALESCE(NEW.until, ''), NEW.conflicts, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER binding_changed
AFTER UPDATE OF kind, state, account_record, site, act, until, conflicts ON binding
BEGIN
  UPDATE binding_count
  SET n = n - 1
  WHERE connection_id = OLD.connection_id
    AND kind = OLD.kind
    AND state = OLD.state
    AND has_account = (OLD.account_record IS NOT NULL)
    AND site = COALESCE(OLD.site, '')
    AND act = COALESCE(OLD.act, '')
    AND until = COALESCE(OLD.until, '')
    AND conflicts = OLD.conflicts;
  INSERT INTO binding_count (connection_id, kind, state, has_account, site, act, until, conflicts, n)
  VALUES (NEW.connection_id, NEW.kind, NEW.state, NEW.account_record IS NOT NULL, COALESCE(NEW.site, ''),
    COALESCE(NEW.act, ''), COALESCE(NEW.until, ''), NEW.conflicts, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- What the last signed review had and is no more.
CREATE TABLE binding_gone (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind INTEGER NOT NULL,
  account_id TEXT,
  state INTEGER NOT NULL,
  conflicts INTEGER NOT NULL
) STRICT;

-- A connection's, in order.
CREATE INDEX binding_gone_of_connection ON binding_gone (connection_id, id);

CREATE TRIGGER binding_removed AFTER DELETE ON binding
BEGIN
  UPDATE binding_count
  SET n = n - 1
  WHERE connection_id = OLD.connection_id
    AND kind = OLD.kind
    AND state = OLD.state
    AND has_account = (OLD.account_record IS NOT NULL)
    AND site = COALESCE(OLD.site, '')
    AND act = COALESCE(OLD.act, '')
    AND until = COALESCE(OLD.until, '')
    AND conflicts = OLD.conflicts;
  INSERT INTO binding_gone (connection_id, kind, account_id, state, conflicts)
  SELECT OLD.connection_id, OLD.kind, OLD.account_id, OLD.signed_state, OLD.signed_conflicts
  WHERE OLD.signed_state IS NOT NULL
    AND EXISTS (SELECT 1 FROM connection WHERE id = OLD.connection_id);
END;

-- When a connection's bindings were last computed.
CREATE TABLE binding_review (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  computed_at INTEGER NOT NULL
) STRICT;

-- Records of people and portal accounts in the order in which they changed, so that columns in memory
-- catch up without reading them all; the oldest are cut off, and who fell behind reads all.
CREATE TABLE person_change (
  no INTEGER PRIMARY KEY,
  record_id INTEGER NOT NULL
) STRICT;

CREATE TRIGGER person_change_cut AFTER INSERT ON person_change
WHEN NEW.no % 8192 = 0
BEGIN
  DELETE FROM person_change
  WHERE no <= NEW.no - 262144;
END;

-- Datasets 8 to 11: natural persons, legal persons, agents, portal accounts.
CREATE TRIGGER person_added AFTER INSERT ON record
WHEN (SELECT dataset FROM source WHERE id = NEW.source_id) BETWEEN 8 AND 11
BEGIN
  INSERT INTO person_change (record_id) VALUES (NEW.id);
END;

CREATE TRIGGER person_changed AFTER UPDATE OF state, fields ON record
WHEN (SELECT dataset FROM source WHERE id = NEW.source_id) BETWEEN 8 AND 11
BEGIN
  INSERT INTO person_change (record_id) VALUES (NEW.id);
END;

CREATE TRIGGER person_removed AFTER DELETE ON record
WHEN (SELECT dataset FROM source WHERE id = OLD.source_id) BETWEEN 8 AND 11
BEGIN
  INSERT INTO person_change (record_id) VALUES (OLD.id);
END;

CREATE TRIGGER person_decided AFTER INSERT ON binding_decision
BEGIN
  INSERT INTO person_change (record_id)
  SELECT account_record
  FROM binding
  WHERE connection_id = NEW.connection_id AND account_id = NEW.account_id;
END;

CREATE TRIGGER person_decision_undone AFTER UPDATE OF undone_at ON binding_decision
BEGIN
  INSERT INTO person_change (record_id)
  SELECT account_record
  FROM binding
  WHERE connection_id = NEW.connection_id AND account_id = NEW.account_id;
END;
