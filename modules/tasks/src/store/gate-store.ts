import type { Database, Queryable } from '@taskflow/database'
import type { Gate, GateStore } from '../ports/gate.ts'
import { closeGate } from '../statements/close-gate.ts'
import { findClosedGates } from '../statements/find-closed-gates.ts'
import { findOpenGates } from '../statements/find-open-gates.ts'
import { openGate } from '../statements/open-gate.ts'
import { releaseTasks } from '../statements/release-tasks.ts'
import { setTasksAside } from '../statements/set-tasks-aside.ts'
import { dispatchesOf } from './dispatch-row.ts'
import type { NotifyQueued } from './notify-queued.ts'

interface Deps {
  readonly db: Database
  readonly notifyQueued: NotifyQueued | undefined
}

// Short enough to hold no row lock for long.
const BATCH = 1_000

/** Returns the closed ones of these gates. Admitters pass the `db` that will store their submissions. */
export async function closedGates(db: Queryable, gates: readonly Gate[]): Promise<Gate[]> {
  if (gates.length === 0) return []
  return db.run(findClosedGates, [gates.map(({ project }) => project), gates.map(({ name }) => name)])
}

/** Releases what waits at the gate, if it is open, and publishes each batch after its commit. */
export async function releaseIfOpen({ db, notifyQueued }: Deps, { project, name }: Gate): Promise<number> {
  let released = 0
  for (;;) {
    const rows = await db.run(releaseTasks, [project, name, BATCH])
    notifyQueued?.(dispatchesOf(rows))
    released += rows.length
    // Fewer rows than asked for may mean that other sessions held locks on the rest.
    if (rows.length === 0) return released
  }
}

export function gateStore(deps: Deps): GateStore {
  const { db } = deps
  return {
    async closeGate({ project, name }) {
      await db.run(closeGate, [project, name])
    },

    async openGate(gate) {
      await db.run(openGate, [gate.project, gate.name])
      return releaseIfOpen(deps, gate)
    },

    async setTasksAside(gate, { queue, type = null }, limit) {
      const rows = await db.run(setTasksAside, [gate.project, gate.name, queue, type, limit])
      // A process that opened the gate meanwhile did not see these tasks.
      const released = rows.length > 0 ? await releaseIfOpen(deps, gate) : 0
      return Math.max(0, rows.length - released)
    },

    async releaseFromOpenGates() {
      let released = 0
      for (const gate of await db.run(findOpenGates, [])) released += await releaseIfOpen(deps, gate)
      return released
    },
  }
}
