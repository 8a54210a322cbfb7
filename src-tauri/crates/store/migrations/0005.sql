-- Which rows of a run were unchanged or older than what was known: the numbers of what they met, in the
-- order of their arrival. Nothing else tells it afterwards, because such rows write nothing. And which
-- held rows of earlier runs it released.
CREATE TABLE run_row (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  source_id INTEGER NOT NULL,
  -- 1 unchanged record, 2 newer record, 3 newer rejection, 4 released record
  kind INTEGER NOT NULL,
  -- Differences of the numbers, each a variable-length integer.
  ids BLOB NOT NULL
) STRICT;

-- The list behind a run's numbers, and what goes with its history.
CREATE INDEX run_row_of_run ON run_row (run_id, source_id, kind, id);

-- Rows that the provider sent although the run's scope leaves them out.
ALTER TABLE run_dataset ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;

-- When a run was paused, left by its process, interrupted, and taken up again.
CREATE TABLE run_moment (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  -- paused, left, interrupted, resumed
  what TEXT NOT NULL
) STRICT;

-- The moments of one run.
CREATE INDEX run_moment_of_run ON run_moment (run_id, id);

-- Whoever changes a run's owner tells by it what happened; a dead owner was last seen alive before.
CREATE TRIGGER run_changed_hands AFTER UPDATE OF owner ON run
WHEN NEW.ended_at IS NULL AND OLD.owner <> NEW.owner
BEGIN
  INSERT INTO run_moment (run_id, at, what)
  SELECT NEW.id, OLD.heartbeat_at, 'interrupted'
  WHERE OLD.owner <> '' AND NEW.owner <> '' AND OLD.ended_at IS NULL;
  INSERT INTO run_moment (run_id, at, what)
  VALUES (NEW.id, NEW.heartbeat_at,
    CASE WHEN NEW.owner <> '' THEN 'resumed' WHEN NEW.state = 'paused' THEN 'paused' ELSE 'left' END);
END;
