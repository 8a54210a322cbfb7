-- What a rejected record is called in letters to its provider: given once, and kept whatever becomes of
-- the rejection. With the last answer to the last report of it.
CREATE TABLE reference (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  key_hash BLOB NOT NULL,
  -- corrected, explained, in_progress, unable, not_ours
  answer TEXT,
  UNIQUE (source_id, key_hash)
) STRICT;

-- The inbox narrowed to what was answered.
CREATE INDEX reference_answered ON reference (answer) WHERE answer IS NOT NULL;

-- A list of problems that was handed to the provider.
CREATE TABLE report (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  made_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  -- Which rejections, as JSON text.
  filter TEXT NOT NULL,
  -- workbook, workbooks, csv
  form TEXT NOT NULL,
  path TEXT NOT NULL,
  -- The last day of the term.
  due_on TEXT NOT NULL,
  entries INTEGER NOT NULL DEFAULT 0,
  -- Set once the file was written; what was interrupted before is none.
  written_at INTEGER,
  withdrawn_at INTEGER,
  withdrawn_by TEXT,
  closed_at INTEGER,
  closed_by TEXT
) STRICT;

-- A connection's reports, newest first.
CREATE INDEX report_of_connection ON report (connection_id, id);

CREATE TABLE report_entry (
  id INTEGER PRIMARY KEY,
  report_id INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE,
  reference_id INTEGER NOT NULL REFERENCES reference (id) ON DELETE CASCADE,
  department TEXT NOT NULL,
  -- 1 waiting, 2 answered, 3 said to be corrected, 4 resolved, 5 open again, 6 settled otherwise,
  -- 7 withdrawn, 8 in a later report
  fate INTEGER NOT NULL,
  -- The rejection's state before, for undo.
  was INTEGER NOT NULL,
  UNIQUE (report_id, reference_id)
) STRICT;

-- The list behind each number of a report.
CREATE INDEX report_entry_by_fate ON report_entry (report_id, fate, id);
-- A department's sheet.
CREATE INDEX report_entry_by_department ON report_entry (report_id, department, id);
-- The reports of one record.
CREATE INDEX report_entry_of_reference ON report_entry (reference_id, id);

CREATE TABLE report_count (
  report_id INTEGER NOT NULL REFERENCES report (id) ON DELETE CASCADE,
  department TEXT NOT NULL,
  fate INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (report_id, department, fate)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER report_entry_added AFTER INSERT ON report_entry
BEGIN
  INSERT INTO report_count (report_id, department, fate, n)
  VALUES (NEW.report_id, NEW.department, NEW.fate, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER report_entry_changed AFTER UPDATE OF fate ON report_entry
WHEN NEW.fate <> OLD.fate
BEGIN
  UPDATE report_count
  SET n = n - 1
  WHERE report_id = OLD.report_id AND department = OLD.department AND fate = OLD.fate;
  INSERT INTO report_count (report_id, department, fate, n)
  VALUES (NEW.report_id, NEW.department, NEW.fate, 1)
  ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- Whatever changes a rejection, its entry in the last report follows.
CREATE TRIGGER reported_follows AFTER UPDATE OF state ON rejection
WHEN NEW.state <> OLD.state
BEGIN
  UPDATE report_entry
  SET fate = CASE NEW.state
    WHEN 1 THEN 5
    WHEN 2 THEN (
      SELECT CASE WHEN answer IS NULL THEN 1 WHEN answer = 'corrected' THEN 3 ELSE 2 END
      FROM reference
      WHERE source_id = NEW.source_id AND key_hash = NEW.key_hash)
    WHEN 3 THEN 4
    ELSE 6
  END
  WHERE reference_id = (SELECT id FROM reference WHERE source_id = NEW.source_id AND key_hash = NEW.key_hash)
    AND fate < 7;
END;

-- So it does when a rejection that was gone comes back.
CREATE TRIGGER reported_comes_back AFTER INSERT ON rejection
BEGIN
  UPDATE report_entry
  SET fate = CASE NEW.state
    WHEN 1 THEN 5
    WHEN 2 THEN (
      SELECT CASE WHEN answer IS NULL THEN 1 WHEN answer = 'corrected' THEN 3 ELSE 2 END
      FROM reference
      WHERE source_id = NEW.source_id AND key_hash = NEW.key_hash)
    WHEN 3 THEN 4
    ELSE 6
  END
  WHERE reference_id = (SELECT id FROM reference WHERE source_id = NEW.source_id AND key_hash = NEW.key_hash)
    AND fate < 7;
END;

-- An undone run may take a rejection away; what was resolved stays so when it is forgotten.
CREATE TRIGGER reported_is_gone AFTER DELETE ON rejection
BEGIN
  UPDATE report_entry
  SET fate = 6
  WHERE reference_id = (SELECT id FROM reference WHERE source_id = OLD.source_id AND key_hash = OLD.key_hash)
    AND fate NOT IN (4, 7, 8);
END;

-- What a provider answered, every time.
CREATE TABLE answer (
  id INTEGER PRIMARY KEY,
  reference_id INTEGER NOT NULL REFERENCES reference (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  words TEXT NOT NULL,
  answered_by TEXT NOT NULL,
  answered_on TEXT NOT NULL,
  file TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT;

-- The answers about one record, and its last one.
CREATE INDEX answer_of_reference ON answer (reference_id, id);
