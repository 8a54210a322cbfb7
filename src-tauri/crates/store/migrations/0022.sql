-- What is taken out of the outbox is counted by whoever takes it out (`outbox::take`): in thousands of rows
-- at once, and a trigger counts one row at a time.
DROP TRIGGER outbox_removed;
