import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '@taskflow/database'

/**
 * Statements that take the locks of the hot statements, by table. Each is rolled back at once, so that no row changes.
 */
const TOUCHES: Readonly<Record<string, string>> = {
  task: `update task set started_at = started_at
         where id = (select id from task where state = 'running' limit 1 for update skip locked)`,
  finished_task: `insert into finished_task select * from finished_task limit 0`,
  worker: `update worker set heartbeat_at = heartbeat_at`,
  idempotency_key: `insert into idempotency_key values ('default', 'probe', 'hash', '{}', now())`,
}

// Often enough to meet every lock that lasts, and no load by itself.
const PAUSE_MS = 2

/** Claims, settles, submits and beats all the time beside a migration. */
export interface LockProbe {
  /** Resolves with how long it waited at worst for a claim, a settlement, a heartbeat and a key together. */
  stop(): Promise<number>
}

/** @param tables those that exist all the time */
export function lockProbe(db: Database, tables: readonly string[]): LockProbe {
  const touches = tables.flatMap((table) => TOUCHES[table] ?? [])
  let [isOver, longestMs] = [false, 0]

  async function watch(): Promise<void> {
    while (!isOver && touches.length > 0) {
      const startedMs = performance.now()
      await undone(db, touches)
      longestMs = Math.max(longestMs, performance.now() - startedMs)
      await pause(PAUSE_MS)
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
