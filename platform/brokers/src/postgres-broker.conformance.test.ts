import { brokerConformance, engines, systemClock, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe } from 'vitest'
import { postgresBroker } from './postgres-broker.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    brokerConformance({
      name: 'postgres',
      keepsLines: false,
      // Polls so seldom that a take which ends soon was woken.
      open: async () => postgresBroker({ wakeups: given.wakeups, clock: systemClock, pollMs: 60_000 }),
      // What the statements that store tasks do as they commit.
      async tell(dispatches) {
        const queues = [...new Set(dispatches.map(({ queue }) => queue))]
        await rowsOf(given.db, `select pg_notify('taskflow_ready', $1)`, [queues.join(',')])
      },
    })
  })
}
