import { fork } from 'node:child_process'
import { killGroup } from '../kill-group.ts'
import type { FromRunner } from '../protocol.ts'
import { type OpenChannel, RUNNER_ENTRY } from './channel.ts'

export const openProcess: OpenChannel = ({ onMessage, onExit }) => {
  // The runner gets the agent's process id from here: its own parent id may be another's if the agent has ended since.
  // It leads a process group of its own, so that what a handler starts ends with it.
  const child = fork(RUNNER_ENTRY, [String(process.pid)], { serialization: 'advanced', detached: true })
  const exited = new Promise<void>((resolve) => {
    const exit = (how: string): void => {
      resolve()
      onExit(how)
    }
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) killGroup(child.pid)
      const report = (): void => exit(signal ? `was killed by ${signal}` : `exited with code ${code}`)
      // The last messages may still be in the channel, which disconnects after them.
      if (child.connected) child.once('disconnect', report)
      else report()
    })
    // A process that has started reports its end by `exit`.
    child.once('error', (error) => child.pid === undefined && exit(`could not start: ${error.message}`))
  })
  child.on('message', (message) => onMessage(message as FromRunner))
  return {
    // A message to a closed channel is lost with the runner, whose end `exit` reports.
    send: (message) => child.connected && child.send(message, () => {}),
    async kill() {
      // After the exit another process may have the number.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
      await exited
    },
  }
}
