-- What a connection's identity review goes by, as JSON; NULL is the default.
ALTER TABLE connection ADD COLUMN review_policy TEXT;

-- The connection that the portal's own accounts are read by; NULL is this one.
ALTER TABLE connection ADD COLUMN accounts_from INTEGER REFERENCES connection (id) ON DELETE SET NULL;

-- Claims of test logins that were kept for previews, with every personal value replaced by another of
-- the same form.
CREATE TABLE claim_sample (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('natural', 'legal', 'agent')),
  name TEXT NOT NULL,
  claims TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  kept_by TEXT NOT NULL,
  UNIQUE (connection_id, kind, name)
) STRICT;

-- What a person decided about an account's binding. Nothing is taken back by deleting: an undone
-- decision says who undid it.
CREATE TABLE binding_decision (
  id INTEGER PRIMARY KEY,
  connection_id INTEGER NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
  -- The act that several decisions were made by, with one reason.
  bulk_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('natural', 'legal', 'agent')),
  account_id TEXT NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('link', 'unlink', 'merge', 'do_not_touch', 'later')),
  -- For a link: the identity. For an unlink: the one that it was bound to.
  identity_key TEXT,
  -- For a merge: the account that remains.
  remaining_account_id TEXT,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  -- For "later": the day from which it is asked again.
  until TEXT,
  undone_at INTEGER,
  undone_by TEXT,
  -- When the portal took it, and what it answered where it did not.
  delivered_at INTEGER,
  delivery_error TEXT
) STRICT;

-- The decision that holds for an account.
CREATE INDEX binding_decision_of_account ON binding_decision (connection_id, account_id, id);

-- The decisions of one act, to undo it.
CREATE INDEX binding_decision_by_bulk ON binding_decision (connection_id, bulk_id);
