-- Reviews of the bindings that a person signed off. What is signed is noted at the bindings themselves.
CREATE TABLE binding_sign_off (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  signed_at INTEGER NOT NULL,
  signed_by TEXT NOT NULL,
  note TEXT NOT NULL,
  -- Counts as they were signed, and what had changed since the one before, as JSON.
  summary TEXT NOT NULL,
  drift TEXT
) STRICT;

-- A connection's, newest first.
CREATE INDEX binding_sign_off_of_connection ON binding_sign_off (connection_id, id);
