-- By what a record is found: its key, and its business key. Both are hashes, so that every new record goes to
-- another place; in an index of ten million each would cost reading, decrypting and writing a page of its own.
-- So what is new is gathered in a small table that stays in memory, and moved over in the order of the large
-- one (see `record_place`). Each record stands in exactly one of the two.
CREATE TABLE key_place (
  source_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  record_id INTEGER NOT NULL,
  PRIMARY KEY (source_id, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_place_new (
  source_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  record_id INTEGER NOT NULL,
  PRIMARY KEY (source_id, hash)
) STRICT, WITHOUT ROWID;

-- Several records may have one business key. The record's state stands here too, so that whether a parent is
-- accepted is seen without its record.
CREATE TABLE business_place (
  source_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  record_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (source_id, hash, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE business_place_new (
  source_id INTEGER NOT NULL,
  hash BLOB NOT NULL,
  record_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (source_id, hash, record_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW record_by_key AS
  SELECT source_id, hash, record_id FROM key_place_new
  UNION ALL
  SELECT source_id, hash, record_id FROM key_place;

CREATE VIEW record_by_business AS
  SELECT source_id, hash, record_id, state FROM business_place_new
  UNION ALL
  SELECT source_id, hash, record_id, state FROM business_place;

INSERT INTO key_place (source_id, hash, record_id)
  SELECT source_id, key_hash, id FROM record ORDER BY source_id, key_hash;
INSERT INTO business_place (source_id, hash, record_id, state)
  SELECT source_id, business_hash, id, state
  FROM record
  WHERE business_hash IS NOT NULL
  ORDER BY source_id, business_hash, id;

DROP INDEX record_key;
DROP INDEX record_business;

-- How often places of a source's records were added; what a run remembers of them holds while it stands.
ALTER TABLE source ADD COLUMN places_stamp INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER record_place_removed AFTER DELETE ON record
BEGIN
  DELETE FROM key_place_new WHERE source_id = OLD.source_id AND hash = OLD.key_hash;
  DELETE FROM key_place WHERE source_id = OLD.source_id AND hash = OLD.key_hash;
  DELETE FROM business_place_new
    WHERE source_id = OLD.source_id AND hash = OLD.business_hash AND record_id = OLD.id;
  DELETE FROM business_place
    WHERE source_id = OLD.source_id AND hash = OLD.business_hash AND record_id = OLD.id;
END;

CREATE TRIGGER record_place_changed AFTER UPDATE OF business_hash, state ON record
WHEN OLD.business_hash IS NOT NEW.business_hash OR OLD.state IS NOT NEW.state
BEGIN
  DELETE FROM business_place_new
    WHERE source_id = OLD.source_id AND hash = OLD.business_hash AND record_id = OLD.id;
  DELETE FROM business_place
    WHERE source_id = OLD.source_id AND hash = OLD.business_hash AND record_id = OLD.id;
  INSERT INTO business_place_new (source_id, hash, record_id, state)
    SELECT NEW.source_id, NEW.business_hash, NEW.id, NEW.state WHERE NEW.business_hash IS NOT NULL;
END;

CREATE TRIGGER record_place_rekeyed AFTER UPDATE OF key_hash ON record
WHEN OLD.key_hash IS NOT NEW.key_hash
BEGIN
  DELETE FROM key_place_new WHERE source_id = OLD.source_id AND hash = OLD.key_hash;
  DELETE FROM key_place WHERE source_id = OLD.source_id AND hash = OLD.key_hash;
  INSERT INTO key_place_new (source_id, hash, record_id) VALUES (NEW.source_id, NEW.key_hash, NEW.id);
  UPDATE source SET places_stamp = places_stamp + 1 WHERE id = NEW.source_id;
END;
