// Ends a runner's process, and all that it started, when the agent that started it has ended, even if a handler blocks the loop of the process.
// Written in JavaScript for the reason that entry.js gives.
import { workerData as agent } from 'node:worker_threads'

setInterval(() => {
  if (process.ppid !== agent) process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL')
}, 1_000)
