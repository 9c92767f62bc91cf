vacuum (analyze) task, task_notice, gate, worker, queue_count, queue_minute
