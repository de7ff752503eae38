-- Whether the user gave their password or came from another provider: applications are told. Of what was granted before it
-- is not known, and goes on as it was told.
ALTER TABLE grants ADD COLUMN by_password BOOLEAN NOT NULL DEFAULT TRUE;
