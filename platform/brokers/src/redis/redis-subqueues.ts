import type { Clock } from '@taskflow/kernel'
import type { TaskId } from '@taskflow/tasks'
import { takenKey } from './subqueue-keys.ts'
import type { RedisInstance } from './redis-instance.ts'
import { SCRIPTS } from './scripts.ts'

/** Lines of one instance that one script may touch together. */
export interface Source {
  readonly instance: RedisInstance
  readonly lines: readonly string[]
}

/** A task that is out with this taker. */
export interface Taken {
  readonly source: Source
  readonly line: string
  /** As it is noted in Redis: "rank:id". */
  readonly task: string
}

/** Taking from lines, and what becomes of what was taken. */
export interface RedisSubqueues {
  /** The smallest ranks over all sources, smallest first. */
  take(sources: readonly Source[], max: number): Promise<readonly Taken[]>
  acknowledge(taken: readonly Taken[]): Promise<void>
  release(taken: readonly Taken[]): Promise<void>
}

// A claim and its acknowledgement are milliseconds apart; this is for one that waits for a busy database.
const HOLD_MS = 5_000
// How late a dead taker's tasks may be noticed, after that.
const RECOVERY_MS = 1_000
// What a script hands to one command in one go: Lua has room for 8,000 values.
const MOST = 1_000

export function redisSubqueues({ clock }: { readonly clock: Clock }): RedisSubqueues {
  // By line, for takers of one queue may take other types of it.
  const recoverAt = new Map<string, number>()

  async function run(source: Source, max: number, holdMs: number): Promise<Taken[]> {
    const { instance, lines } = source
    const args = [Math.min(max, MOST), holdMs]
    const answer = (await instance.run(SCRIPTS.take, keysOf(lines), args)) as (number | string)[]
    return Array.from({ length: answer.length / 2 }, (_, index) => ({
      source,
      line: lines[Number(answer[2 * index]) - 1] as string,
      task: String(answer[2 * index + 1]),
    }))
  }

  /** How many of each source are among the smallest ranks of all. */
  async function quotasOf(sources: readonly Source[], max: number): Promise<[Source, number][]> {
    const heads = await Promise.all(sources.map((source) => run(source, max, 0)))
    const smallest = byRank(heads.flat()).slice(0, max)
    return [...Map.groupBy(smallest, ({ source }) => source)].map(([source, { length }]) => [source, length])
  }

  /** Should one of two sources be away by now, what the other gave is held, and comes back after its deadline. */
  async function takeOver(sources: readonly Source[], max: number): Promise<readonly Taken[]> {
    for (;;) {
      const quotas = await quotasOf(sources, max)
      const taken = await Promise.all(quotas.map(([source, quota]) => run(source, quota, HOLD_MS)))
      // Others may have been faster at what was seen, and there may be more behind it.
      if (quotas.length === 0 || taken.some(({ length }) => length > 0)) return byRank(taken.flat())
    }
  }

  async function recover({ instance, lines }: Source): Promise<void> {
    const now = clock.monotonicMs()
    const due = lines.filter((line) => now >= (recoverAt.get(line) ?? 0))
    if (due.length === 0) return
    for (const line of due) recoverAt.set(line, now + RECOVERY_MS)
    await instance.run(SCRIPTS.recover, keysOf(due), [MOST])
  }

  return {
    async take(sources, max) {
      await Promise.all(sources.map(recover))
      const [source] = sources
      return source && sources.length === 1 ? run(source, max, HOLD_MS) : takeOver(sources, max)
    },
    async acknowledge(taken) {
      await eachLine(taken, (instance, line, tasks) => instance.call((client) => client.zrem(takenKey(line), ...tasks)))
    },
    async release(taken) {
      await eachLine(taken, (instance, line, tasks) => instance.run(SCRIPTS.release, [line, takenKey(line)], tasks))
    },
  }
}

const keysOf = (lines: readonly string[]): string[] => [...lines, ...lines.map(takenKey)]

const byRank = (taken: readonly Taken[]): readonly Taken[] => taken.toSorted((a, b) => rankOf(a) - rankOf(b))

const rankOf = ({ task }: Taken): number => Number(task.slice(0, task.indexOf(':')))

export const idOf = ({ task }: Taken): TaskId => task.slice(task.indexOf(':') + 1) as TaskId

type Work = (instance: RedisInstance, line: string, tasks: readonly string[]) => Promise<unknown>

async function eachLine(taken: readonly Taken[], work: Work): Promise<void> {
  const lines = [...Map.groupBy(taken, ({ line }) => line)]
  await Promise.all(
    lines.map(async ([line, ofLine]) => {
      const tasks = ofLine.map(({ task }) => task)
      for (const { source } of ofLine.slice(0, 1)) await work(source.instance, line, tasks)
    }),
  )
}
