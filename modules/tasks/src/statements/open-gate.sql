delete from gate where project = $1 and name = $2
