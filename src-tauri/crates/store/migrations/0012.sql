-- How a connection's people sign on, as JSON; NULL where nobody has said yet. The secret is not here.
ALTER TABLE connection ADD COLUMN sign_on TEXT;
