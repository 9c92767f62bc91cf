select add_partition_day((clock_now() at time zone 'UTC')::date + $1::integer, $2::bigint) as added
