import type { Database, Queryable } from '@taskflow/database'
import type { Gate, GateStore } from '../ports/gate.ts'
import { closeGate } from '../statements/close-gate.ts'
import { findClosedGates } from '../statements/find-closed-gates.ts'
import { findOpenGates } from '../statements/find-open-gates.ts'
import { openGate } from '../statements/open-gate.ts'
import { readmitTasks } from '../statements/readmit-tasks.ts'
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

/** Readmits all that waits at the gate, if it is open, and publishes each batch after its commit. */
export async function readmitIfOpen(deps: Deps, gate: Gate): Promise<number> {
  let readmitted = 0
  for (;;) {
    const count = await readmitBatch(deps, gate)
    readmitted += count
    // Fewer tasks than a batch may mean that other sessions held locks on the rest.
    if (count === 0) return readmitted
  }
}

async function readmitBatch({ db, notifyQueued }: Deps, { project, name }: Gate): Promise<number> {
  const rows = await db.run(readmitTasks, [project, name, BATCH])
  notifyQueued?.(dispatchesOf(rows))
  return rows.length
}

export function gateStore(deps: Deps): GateStore {
  const { db } = deps
  return {
    async closeGate({ project, name }) {
      await db.run(closeGate, [project, name])
    },

    async openGate(gate) {
      await db.run(openGate, [gate.project, gate.name])
      return readmitIfOpen(deps, gate)
    },

    async setTasksAside(gate, { queue, type = null }, limit) {
      const rows = await db.run(setTasksAside, [gate.project, gate.name, queue, type, limit])
      // A process that opened the gate meanwhile did not see these tasks.
      const readmitted = rows.length > 0 ? await readmitIfOpen(deps, gate) : 0
      return Math.max(0, rows.length - readmitted)
    },

    async readmitFromOpenGates() {
      for (const gate of await db.run(findOpenGates, [])) {
        const readmitted = await readmitBatch(deps, gate)
        if (readmitted > 0) return readmitted
      }
      return 0
    },
  }
}
