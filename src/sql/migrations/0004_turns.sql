-- Which bucket was first in the last tick that walked several: the next one has its turn then.
ALTER TABLE steward_control ADD COLUMN walked_first TEXT;
