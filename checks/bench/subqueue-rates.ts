import type { TaskId } from '@taskflow/tasks'
import { newTaskId } from '@taskflow/testing/ids'
import { type Figures, rateOf } from './rounds.ts'
import type { Unit } from './scenario.ts'

/** How many a take asks for. */
export const TAKE = 100
const BATCH = 500
const AT_ONCE = 50

export const SUBQUEUE = { project: 'default', queue: 'default', type: 'small-work', priority: 'normal' } as const

/** One client of a way to keep a subqueue. */
export interface SubqueueClient {
  publish(ids: readonly TaskId[]): Promise<unknown>
  /** Takes up to `TAKE`, and acknowledges where there is such a thing; resolves with how many. */
  take(): Promise<number>
  close(): Promise<unknown>
}

export const SUBQUEUE_RATES = {
  'publish, batches of 500': 'dispatches/s',
  'publish, one, 50 at once': 'dispatches/s',
  'take 100, one consumer': 'dispatches/s',
  'take 100, four consumers': 'dispatches/s',
} as const satisfies Record<string, Unit>

/** So many dispatches through one subqueue, twice; each client with a connection of its own. */
export async function subqueueRates(open: () => SubqueueClient, dispatches: number): Promise<Figures> {
  const ids = Array.from({ length: dispatches }, newTaskId)
  const publisher = open()
  try {
    const batches = await rateOf(dispatches, () => publishBatches(publisher, ids))
    const one = await rateOfTaking(open, 1, dispatches)
    const singles = await rateOf(dispatches, () => publishSingly(publisher, ids))
    const four = await rateOfTaking(open, 4, dispatches)
    return {
      'publish, batches of 500': batches,
      'publish, one, 50 at once': singles,
      'take 100, one consumer': one,
      'take 100, four consumers': four,
    }
  } finally {
    await publisher.close()
  }
}

async function publishBatches({ publish }: SubqueueClient, ids: readonly TaskId[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) await publish(ids.slice(start, start + BATCH))
}

async function publishSingly({ publish }: SubqueueClient, ids: readonly TaskId[]): Promise<void> {
  const left = ids.values()
  const lane = async () => {
    for (const id of left) await publish([id])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** Until every one was taken. */
async function rateOfTaking(open: () => SubqueueClient, count: number, dispatches: number): Promise<number> {
  const takers = Array.from({ length: count }, open)
  // Connected, and with whatever it needs there.
  await Promise.all(takers.map(({ publish }) => publish([])))
  let taken = 0
  const takeAll = async ({ take }: SubqueueClient) => {
    while (taken < dispatches) {
      const count = await take()
      taken += count
    }
  }
  try {
    return await rateOf(dispatches, () => Promise.all(takers.map(takeAll)))
  } finally {
    await Promise.all(takers.map(({ close }) => close()))
  }
}
