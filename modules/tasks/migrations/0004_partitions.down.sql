drop function drop_partition_day(timestamptz);
drop function add_partition_day(date);
