-- What the raw rows of a source have in common, so that each is kept without it. No value is in it that few rows
-- share (see `payload::learn`); it goes with its source.
CREATE TABLE payload_dictionary (
  -- Hash of its content: rows name it, and no two files mean different ones by it.
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  content BLOB NOT NULL
) STRICT;

-- The one that new rows of a source are kept with.
CREATE INDEX payload_dictionary_of_source ON payload_dictionary (source_id);
