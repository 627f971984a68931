-- Where an action names its queue, no routing rule is asked and no default queue stood in. Of jobs
-- that are open already this is not known; they say what they said.
ALTER TABLE routings ADD COLUMN queue_named boolean NOT NULL DEFAULT false;
