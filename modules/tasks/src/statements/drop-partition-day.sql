select drop_partition_day(clock_now() - $1::bigint * interval '1 ms') as day
