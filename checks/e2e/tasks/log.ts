import { defineTask } from '@taskflow/sdk'

/** Logs three lines in each attempt, and fails the first. */
export const log = defineTask({
  type: 'log',
  run(_: unknown, ctx) {
    for (const n of [1, 2, 3]) ctx.log.info(`${ctx.attempt}.${n}`)
    if (ctx.attempt === 1) throw new Error('try again')
  },
})
