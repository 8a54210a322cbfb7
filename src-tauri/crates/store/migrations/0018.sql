-- Sites of the portal with what each needs for signing on, and what the last probe of their addresses saw.
CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- The site, as JSON.
  site TEXT NOT NULL,
  -- What the last probe saw, as JSON.
  probe TEXT NOT NULL DEFAULT '[]',
  probed_at INTEGER,
  UNIQUE (connection_id, name)
) STRICT;
