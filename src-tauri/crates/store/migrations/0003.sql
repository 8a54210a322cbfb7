-- What ends one day, as tests of connections saw it.
CREATE TABLE expiry (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  not_after_ms INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, kind, subject)
) STRICT, WITHOUT ROWID;

-- Which further secrets a connection has in the secret store; never the secrets themselves.
CREATE TABLE connection_secret (
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;
