-- How decisions about bindings went to the portal. A row is written before anything is sent, so that
-- what broke off in between is asked for before it is sent again.
CREATE TABLE decision_delivery (
  id INTEGER PRIMARY KEY,
  decision_id INTEGER NOT NULL REFERENCES binding_decision (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  account_id TEXT NOT NULL,
  -- 1 where a decision that was taken back is made good.
  restores INTEGER NOT NULL CHECK (restores IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('sending', 'delivered', 'already', 'gone', 'changed', 'refused', 'failed')),
  -- What the account had before it was sent.
  before_bound_to TEXT,
  before_active INTEGER,
  -- What the account was given.
  sent_bound_to TEXT,
  message TEXT,
  tries INTEGER NOT NULL DEFAULT 0,
  -- Which process sends it.
  owner TEXT,
  at INTEGER NOT NULL,
  UNIQUE (decision_id, restores)
) STRICT;

-- What was last given to an account.
CREATE INDEX decision_delivery_of_account ON decision_delivery (connection_id, account_id, id);
