import { defineTask } from '@taskflow/sdk'
import { noteRun } from './record.ts'

interface Block {
  readonly folder: string
  readonly ms: number
}

/** Lets nothing else happen in its thread. */
export const block = defineTask({
  type: 'block',
  run({ folder, ms }: Block, ctx) {
    noteRun(folder, ctx)
    const startedAt = performance.now()
    let rounds = 0
    while (performance.now() - startedAt < ms) rounds++
    return { isDone: rounds > 0 }
  },
})

function neverReturn(): never {
  for (;;);
}

export const blockShared = defineTask({ type: 'block.shared', run: neverReturn })
export const blockThread = defineTask({ type: 'block.thread', isolation: 'thread', run: neverReturn })
export const blockProcess = defineTask({ type: 'block.process', isolation: 'process', run: neverReturn })
