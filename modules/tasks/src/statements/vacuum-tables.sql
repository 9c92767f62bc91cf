vacuum (analyze) task, worker, queue_count, queue_minute
