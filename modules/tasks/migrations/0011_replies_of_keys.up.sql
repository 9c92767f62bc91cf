-- Lets a repeated request be answered with what was stored, whatever workers have announced of its type since.
-- Suits processes from: 0007

-- The fields of the stored task that differ from what its request alone gives. Null where there are none, for a batch,
-- and for a key that an older process kept.
alter table idempotency_key add column changes json;
