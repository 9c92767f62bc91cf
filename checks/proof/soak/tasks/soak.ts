import { defineTask, type TaskContext } from '@taskflow/sdk'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import type { SoakPayload } from '../mix.ts'
import { noteWriter } from '../notes.ts'

// Workers outside a soak may load this module too, as a test of all task modules does.
const note = process.env.SOAK_NOTES === undefined ? () => {} : noteWriter(process.env.SOAK_NOTES)

/**
 * Notes the start and the end of an attempt, and returns its lease, which identifies the attempt of an accepted result.
 */
const noted =
  (work: (ctx: TaskContext) => unknown) =>
  async ({ at, delayMs }: SoakPayload, ctx: TaskContext) => {
    const { task, fencingToken, attempt } = ctx
    const startedMs = nowMs()
    const late = `${(startedMs - at - delayMs).toFixed(3)} ${delayMs > 0 ? 'delayed' : 'ready'}`
    note(`started ${startedMs.toFixed(3)} ${task.id} ${fencingToken} ${attempt} ${late}`)
    const end = (result: string) => note(`ended ${nowMs().toFixed(3)} ${task.id} ${fencingToken} ${attempt} ${result}`)
    try {
      await work(ctx)
    } catch (error) {
      end('-')
      throw error
    }
    end(JSON.stringify({ leaseId: fencingToken }))
    return { leaseId: fencingToken }
  }

export const plain = defineTask({ type: 'soak.plain', run: noted(() => {}) })

export const reportsProgress = defineTask({ type: 'soak.reports-progress', run: noted(({ progress }) => progress(50)) })

export const logs = defineTask({
  type: 'soak.logs',
  run: noted(({ log }) => {
    for (let line = 0; line < 3; line++) log.info('Another line', { line })
  }),
})

export const failsOnce = defineTask({
  type: 'soak.fails-once',
  retry: { baseMs: 100, jitter: 'none' },
  run: noted(({ attempt }) => {
    if (attempt === 1) throw new Error('The first attempt fails')
  }),
})

export const fails = defineTask({
  type: 'soak.fails',
  run: noted(() => {
    throw new Error('The task fails for good')
  }),
})
