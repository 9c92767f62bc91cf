select clock_now() as now
