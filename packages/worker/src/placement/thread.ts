import { Worker } from 'node:worker_threads'
import { type OpenChannel, RUNNER_ENTRY } from './channel.ts'

// V8 allows 48 MiB for new objects and keeps what the busiest second needed. Half as much is as fast.
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 24 } as const

export const openThread: OpenChannel = ({ onMessage, onExit }) => {
  const thread = new Worker(RUNNER_ENTRY, { name: 'taskflow-runner', resourceLimits: RESOURCE_LIMITS })
  let failure: Error | undefined
  thread.on('message', onMessage)
  thread.on('error', (error: Error) => {
    failure = error
  })
  thread.on('exit', (code) =>
    onExit(failure ? `ended with ${failure.name}: ${failure.message}` : `exited with code ${code}`),
  )
  return {
    send: (message) => thread.postMessage(message),
    async kill() {
      await thread.terminate()
    },
  }
}
