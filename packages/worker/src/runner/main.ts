import { parentPort, Worker } from 'node:worker_threads'
import type { FromRunner, ToRunner } from '../protocol.ts'
import { attemptErrorOf } from './attempt-error.ts'
import { runner } from './runner.ts'

/** What a runner does, be it a thread (there is a parent port) or a process (there is an IPC channel). */
const port = parentPort
const send = (message: FromRunner): void => {
  if (port) port.postMessage(message)
  else process.send?.(message)
}

const { receive, takeStray, flush } = runner(send)

function onStray(error: unknown): void {
  if (takeStray(error)) return
  const { name, message } = attemptErrorOf(error)
  flush()
  send({ kind: 'crashing', message: `${name}: ${message}` })
  // A process's messages travel by the loop: give it one turn.
  if (port) process.exit(1)
  else setImmediate(() => process.exit(1))
}

process.on('uncaughtException', onStray)
process.on('unhandledRejection', onStray)
// A handler that calls process.exit() must not take with it what others have just finished.
process.once('exit', flush)

if (port) {
  port.on('message', (message: ToRunner) => receive(message))
} else {
  process.on('message', (message: ToRunner) => receive(message))
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole process group; the agent alone decides when its runners stop.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  // A blocked loop never hears of the disconnect, so a thread watches for the agent's death.
  const workerData = Number(process.argv[2])
  new Worker(new URL('./orphan-watch.js', import.meta.url), { workerData, execArgv: [] }).unref()
}
