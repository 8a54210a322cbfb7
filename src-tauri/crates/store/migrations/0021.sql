-- How many bindings share a group is told by whoever writes them (see `binding_count::Counts`): a trigger
-- makes SQLite copy each page that a statement is about to change, and counts one row at a time.
DROP TRIGGER binding_added;
DROP TRIGGER binding_changed;
DROP TRIGGER binding_removed;

CREATE TRIGGER binding_removed AFTER DELETE ON binding
WHEN OLD.signed_state IS NOT NULL
BEGIN
  INSERT INTO binding_gone (connection_id, kind, account_id, state, conflicts)
  SELECT OLD.connection_id, OLD.kind, OLD.account_id, OLD.signed_state, OLD.signed_conflicts
  WHERE EXISTS (SELECT 1 FROM connection WHERE id = OLD.connection_id);
END;

-- A site's; most identities without an account have none.
DROP INDEX binding_by_site;
CREATE INDEX binding_by_site ON binding (connection_id, site, id) WHERE site IS NOT NULL;
