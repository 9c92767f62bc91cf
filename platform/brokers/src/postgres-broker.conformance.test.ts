import { brokerConformance, engines, systemClock, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe } from 'vitest'
import { postgresBroker } from './postgres-broker.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    brokerConformance({
      name: 'postgres',
      carriesDispatches: false,
      // The pause is so long that only a wake-up can end a take soon.
      open: async () => postgresBroker({ wakeups: given.wakeups, clock: systemClock, pollMs: 60_000 }),
      // The statements that store tasks send the same notification when they commit.
      async notify(dispatches) {
        const queues = [...new Set(dispatches.map(({ queue }) => queue))]
        await rowsOf(given.db, `select pg_notify('taskflow_ready', $1)`, [queues.join(',')])
      },
    })
  })
}
