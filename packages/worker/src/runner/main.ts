import { parentPort, Worker } from 'node:worker_threads'
import { killGroup } from '../kill-group.ts'
import type { FromRunner, ToRunner } from '../protocol.ts'
import { runner } from './runner.ts'

/** The entry of a runner, which is a thread (with a parent port) or a process (with an IPC channel). */
const port = parentPort
const send = (message: FromRunner): void => {
  if (port) port.postMessage(message)
  else process.send?.(message)
}

const { receive, takeStray, describeStray, flush } = runner(send)

function onStray(error: unknown): void {
  if (takeStray(error)) return
  flush()
  send({ kind: 'crashing', message: describeStray(error) })
  // A process sends its messages in the next turn of its loop.
  if (port) process.exit(1)
  else setImmediate(() => process.exit(1))
}

process.on('uncaughtException', onStray)
process.on('unhandledRejection', onStray)
// A handler that calls process.exit() must not discard the outcomes of handlers that have just ended.
process.once('exit', flush)

if (port) {
  port.on('message', (message: ToRunner) => receive(message))
} else {
  process.on('message', (message: ToRunner) => receive(message))
  // The agent has ended, and nobody else ends what handlers have started.
  process.on('disconnect', () => killGroup(process.pid))
  // Only the agent decides when its runners stop.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  // A blocked loop does not receive the disconnect, so a thread watches whether the agent lives.
  const workerData = Number(process.argv[2])
  new Worker(new URL('./orphan-watch.js', import.meta.url), { workerData, execArgv: [] }).unref()
}
