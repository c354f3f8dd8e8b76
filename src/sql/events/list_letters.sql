-- A row per message that was not applied, the last :most first: when, from which queue, why, and its text.
SELECT kept_at, queue, reason, body FROM steward_letters ORDER BY id DESC LIMIT :most
