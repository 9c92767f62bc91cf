drop table queue_minute;
drop table queue_count;
drop table task_type;
drop table worker;
