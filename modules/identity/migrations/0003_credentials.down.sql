drop table idempotency_key;
drop table api_key;
