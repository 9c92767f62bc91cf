/** Ends a runner's process when the agent that started it is gone, even if a handler blocks the process's own loop. */
const agent = process.ppid

setInterval(() => {
  if (process.ppid !== agent) process.kill(process.pid, 'SIGKILL')
}, 1_000)
