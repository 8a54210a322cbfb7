-- Changes of claim mapping and review policy that wait for another look, and what became of them.
CREATE TABLE identity_change (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  -- The version that the change was tried against.
  based_on INTEGER NOT NULL,
  claims TEXT NOT NULL,
  policy TEXT NOT NULL,
  note TEXT NOT NULL,
  -- What it would have done when it was proposed.
  numbers TEXT NOT NULL,
  proposed_at INTEGER NOT NULL,
  proposed_by TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'discarded')),
  decided_at INTEGER,
  decided_by TEXT,
  -- The version that it became.
  version INTEGER
) STRICT;

-- The changes of a connection, the latest first.
CREATE INDEX identity_change_of_connection ON identity_change (connection_id, id);
