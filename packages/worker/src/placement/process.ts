import { fork } from 'node:child_process'
import type { FromRunner } from '../protocol.ts'
import { type OpenChannel, RUNNER_ENTRY } from './channel.ts'

export const openProcess: OpenChannel = ({ onMessage, onExit }) => {
  // Its agent's id comes along: asked for by the runner itself, it could already be that of another parent.
  const child = fork(RUNNER_ENTRY, [String(process.pid)], { serialization: 'advanced' })
  const exited = new Promise<void>((resolve) => {
    const exit = (how: string): void => {
      resolve()
      onExit(how)
    }
    child.once('exit', (code, signal) => {
      const told = (): void => exit(signal ? `was killed by ${signal}` : `exited with code ${code}`)
      // Its last messages may still be in the channel, which closes after them.
      if (child.connected) child.once('disconnect', told)
      else told()
    })
    // Of a process that never started; one that did tells by its exit.
    child.once('error', (error) => child.pid === undefined && exit(`could not start: ${error.message}`))
  })
  child.on('message', (message) => onMessage(message as FromRunner))
  return {
    // A message that finds the channel closed is lost with the runner, of which the exit tells.
    send: (message) => child.connected && child.send(message, () => {}),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
