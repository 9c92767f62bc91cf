import { randomBytes } from 'node:crypto'
import { defineTask } from '@taskflow/sdk'

// Each is the no-op and one thing more.

export const reportsProgress = defineTask({
  type: 'bench.reports-progress',
  async run(_payload, { progress }) {
    await progress(50)
    return null
  },
})

export const logsTenLines = defineTask({
  type: 'bench.logs-ten-lines',
  run(_payload, { log }) {
    for (let line = 0; line < 10; line++) log.info('Another line', { line })
    return null
  },
})

// As it would come: PostgreSQL compresses what repeats itself.
const LARGE = randomBytes(7_680).toString('base64')

export const givesLargeResult = defineTask({ type: 'bench.gives-large-result', run: () => LARGE })

export const failsOnce = defineTask({
  type: 'bench.fails-once',
  retry: { baseMs: 1, jitter: 'none' },
  run(_payload, { attempt }) {
    if (attempt === 1) throw new Error('The first attempt fails')
    return null
  },
})

export const runsInThread = defineTask({ type: 'bench.runs-in-thread', isolation: 'thread', run: () => null })

export const runsInProcess = defineTask({ type: 'bench.runs-in-process', isolation: 'process', run: () => null })
