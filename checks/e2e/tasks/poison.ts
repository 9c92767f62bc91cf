import { defineTask } from '@taskflow/sdk'

/** Kills the process it runs in, whichever that is. */
export const poison = defineTask({
  type: 'poison',
  run() {
    process.kill(process.pid, 'SIGKILL')
    return new Promise<never>(() => {})
  },
})
