-- Contents that were judged for the first time, by day, source and department: how many, how many passed,
-- and how many had something against them in each dimension of quality. Kept with the rows' commits, so
-- that a report over a year reads a few thousand rows.
CREATE TABLE quality_day (
  source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
  day TEXT NOT NULL,
  department TEXT NOT NULL,
  judged INTEGER NOT NULL,
  passed INTEGER NOT NULL,
  incomplete INTEGER NOT NULL,
  inaccurate INTEGER NOT NULL,
  late INTEGER NOT NULL,
  inconsistent INTEGER NOT NULL,
  doubled INTEGER NOT NULL,
  PRIMARY KEY (source_id, day, department)
) STRICT, WITHOUT ROWID;
