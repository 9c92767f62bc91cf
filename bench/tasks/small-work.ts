import { createHash } from 'node:crypto'
import { defineTask } from '@taskflow/sdk'

const ROUNDS = 50

/** Some tens of microseconds of a core, and a result of its own for each task. */
export const smallWork = defineTask({
  type: 'bench.small-work',
  async run(payload, { task }) {
    let digest = createHash('sha256').update(JSON.stringify(payload)).update(task.id).digest()
    for (let round = 0; round < ROUNDS; round++) digest = createHash('sha256').update(digest).digest()
    return { digest: digest.toString('hex') }
  },
})
