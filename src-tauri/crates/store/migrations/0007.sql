-- Rejections in the order in which they changed, so that the inbox's columns in memory catch up with
-- the rows without reading them all; the oldest are cut off, and who fell behind reads all.
CREATE TABLE rejection_change (
  no INTEGER PRIMARY KEY,
  rejection_id INTEGER NOT NULL
) STRICT;

CREATE TRIGGER rejection_change_cut AFTER INSERT ON rejection_change
WHEN NEW.no % 8192 = 0
BEGIN
  DELETE FROM rejection_change
  WHERE no <= NEW.no - 262144;
END;

CREATE TRIGGER rejection_added_change AFTER INSERT ON rejection
BEGIN
  INSERT INTO rejection_change (rejection_id) VALUES (NEW.id);
END;

CREATE TRIGGER rejection_changed_change
AFTER UPDATE OF state, outcome, department, region, run_id, day ON rejection
BEGIN
  INSERT INTO rejection_change (rejection_id) VALUES (NEW.id);
END;

CREATE TRIGGER rejection_removed_change AFTER DELETE ON rejection
BEGIN
  INSERT INTO rejection_change (rejection_id) VALUES (OLD.id);
END;

CREATE TRIGGER rejection_cause_added_change AFTER INSERT ON rejection_cause
BEGIN
  INSERT INTO rejection_change (rejection_id) VALUES (NEW.rejection_id);
END;

CREATE TRIGGER rejection_cause_removed_change AFTER DELETE ON rejection_cause
BEGIN
  INSERT INTO rejection_change (rejection_id) VALUES (OLD.rejection_id);
END;

-- A user's named filters of rejected records.
CREATE TABLE saved_view (
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  -- The filter as JSON.
  filter TEXT NOT NULL,
  saved_at INTEGER NOT NULL,
  PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;
