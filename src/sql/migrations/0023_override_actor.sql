-- Who allowed a known type to be corrected, as they say.
ALTER TABLE steward_overrides ADD COLUMN actor TEXT;
