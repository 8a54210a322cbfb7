-- Every saved state of a connection's claim mapping and review policy; 0 is the one before the first save.
CREATE TABLE identity_version (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  note TEXT NOT NULL,
  claims TEXT NOT NULL,
  policy TEXT NOT NULL,
  PRIMARY KEY (connection_id, number)
) STRICT, WITHOUT ROWID;

-- Which version the bindings that are kept were computed by.
CREATE TABLE identity_reviewed (
  connection_id INTEGER PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
