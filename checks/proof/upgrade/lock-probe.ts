import type { Database } from '@taskflow/database'
import type { Clock } from '@taskflow/kernel'

/** What hot statements lock, by the table without which they cannot be; undone at once, so that no row changes. */
const TOUCHES: Readonly<Record<string, string>> = {
  task: `update task set started_at = started_at
         where id = (select id from task where state = 'running' limit 1 for update skip locked)`,
  finished_task: `insert into finished_task select * from finished_task limit 0`,
  worker: `update worker set heartbeat_at = heartbeat_at`,
  idempotency_key: `insert into idempotency_key values ('default', 'probe', 'hash', '{}', now())`,
}

// Often enough to meet whatever lock lasts, and no load of its own.
const PAUSE_MS = 2

/** Somebody who claims, settles, submits and beats all the time beside a migration. */
export interface LockProbe {
  /** Resolves with how long it waited at worst for a claim, a settlement, a heartbeat and a key together. */
  stop(): Promise<number>
}

/** @param tables those that are there all the time */
export function lockProbe(db: Database, tables: readonly string[], clock: Clock): LockProbe {
  const touches = tables.flatMap((table) => TOUCHES[table] ?? [])
  let [isOver, longestMs] = [false, 0]

  async function watch(): Promise<void> {
    while (!isOver && touches.length > 0) {
      const startedMs = clock.monotonicMs()
      await undone(db, touches)
      longestMs = Math.max(longestMs, clock.monotonicMs() - startedMs)
      await clock.sleep(PAUSE_MS)
    }
  }

  const watching = watch()
  watching.catch(() => {})
  return {
    async stop() {
      isOver = true
      await watching
      return longestMs
    },
  }
}

const DONE = new Error('Undone on purpose')

async function undone(db: Database, texts: readonly string[]): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      await tx.script(texts.join('; '))
      throw DONE
    })
  } catch (error) {
    if (error !== DONE) throw error
  }
}
