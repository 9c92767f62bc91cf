import type { Clock } from '@taskflow/kernel'
import type { TaskId } from '@taskflow/tasks'
import type { RedisInstance } from './redis-instance.ts'
import { SCRIPTS } from './scripts.ts'
import { takenKey } from './subqueue-keys.ts'

/** Subqueues of one instance that one script may access together. */
export interface Source {
  readonly instance: RedisInstance
  readonly subqueues: readonly string[]
}

/** A task that is out with this consumer. */
export interface Taken {
  readonly source: Source
  readonly subqueue: string
  /** The member of the sorted set in Redis: "rank:id". */
  readonly task: string
}

/** Takes tasks from subqueues, and acknowledges or releases them. */
export interface RedisSubqueues {
  /** Takes the smallest ranks of all sources, smallest first. */
  take(sources: readonly Source[], max: number): Promise<readonly Taken[]>
  acknowledge(taken: readonly Taken[]): Promise<void>
  release(taken: readonly Taken[]): Promise<void>
}

// An acknowledgement follows the take within milliseconds, unless the claim waits for a busy database.
const HOLD_MS = 5_000
// The longest delay, after the deadline, until the tasks of a lost consumer are recovered.
const RECOVERY_MS = 1_000
// The number of tasks that a script passes to one command: Lua has room for 8,000 values.
const MOST = 1_000

export function redisSubqueues({ clock }: { readonly clock: Clock }): RedisSubqueues {
  // The time is kept per subqueue: consumers of one queue may take different types.
  const recoverAt = new Map<string, number>()

  async function run(source: Source, max: number, holdMs: number): Promise<Taken[]> {
    const { instance, subqueues } = source
    const args = [Math.min(max, MOST), holdMs]
    const answer = (await instance.run(SCRIPTS.take, keysOf(subqueues), args)) as (number | string)[]
    return Array.from({ length: answer.length / 2 }, (_, index) => ({
      source,
      subqueue: subqueues[Number(answer[2 * index]) - 1] as string,
      task: String(answer[2 * index + 1]),
    }))
  }

  /** Counts how many of the smallest ranks of all are in each source. */
  async function quotasOf(sources: readonly Source[], max: number): Promise<[Source, number][]> {
    const heads = await Promise.all(sources.map((source) => run(source, max, 0)))
    const smallest = byRank(heads.flat()).slice(0, max)
    return [...Map.groupBy(smallest, ({ source }) => source)].map(([source, { length }]) => [source, length])
  }

  /** If one of two sources is unavailable, the tasks taken from the other return after their deadline. */
  async function takeOver(sources: readonly Source[], max: number): Promise<readonly Taken[]> {
    for (;;) {
      const quotas = await quotasOf(sources, max)
      const taken = await Promise.all(quotas.map(([source, quota]) => run(source, quota, HOLD_MS)))
      // Other consumers may have taken the tasks that were seen, and more may follow them.
      if (quotas.length === 0 || taken.some(({ length }) => length > 0)) return byRank(taken.flat())
    }
  }

  async function recover({ instance, subqueues }: Source): Promise<void> {
    const now = clock.monotonicMs()
    const due = subqueues.filter((subqueue) => now >= (recoverAt.get(subqueue) ?? 0))
    if (due.length === 0) return
    for (const subqueue of due) recoverAt.set(subqueue, now + RECOVERY_MS)
    await instance.run(SCRIPTS.recover, keysOf(due), [MOST])
  }

  return {
    async take(sources, max) {
      await Promise.all(sources.map(recover))
      const [source] = sources
      return source && sources.length === 1 ? run(source, max, HOLD_MS) : takeOver(sources, max)
    },
    async acknowledge(taken) {
      await eachSubqueue(taken, (instance, subqueue, tasks) =>
        instance.call((client) => client.zrem(takenKey(subqueue), ...tasks)),
      )
    },
    async release(taken) {
      await eachSubqueue(taken, (instance, subqueue, tasks) =>
        instance.run(SCRIPTS.release, [subqueue, takenKey(subqueue)], tasks),
      )
    },
  }
}

const keysOf = (subqueues: readonly string[]): string[] => [...subqueues, ...subqueues.map(takenKey)]

const byRank = (taken: readonly Taken[]): readonly Taken[] => taken.toSorted((a, b) => rankOf(a) - rankOf(b))

const rankOf = ({ task }: Taken): number => Number(task.slice(0, task.indexOf(':')))

export const idOf = ({ task }: Taken): TaskId => task.slice(task.indexOf(':') + 1) as TaskId

type Work = (instance: RedisInstance, subqueue: string, tasks: readonly string[]) => Promise<unknown>

async function eachSubqueue(taken: readonly Taken[], work: Work): Promise<void> {
  const subqueues = [...Map.groupBy(taken, ({ subqueue }) => subqueue)]
  await Promise.all(
    subqueues.map(async ([subqueue, ofSubqueue]) => {
      const tasks = ofSubqueue.map(({ task }) => task)
      for (const { source } of ofSubqueue.slice(0, 1)) await work(source.instance, subqueue, tasks)
    }),
  )
}
