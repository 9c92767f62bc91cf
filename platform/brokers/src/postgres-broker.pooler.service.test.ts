import { describeWith, engines, systemClock, useStorage } from '@taskflow/testing'
import { brokerConformance } from '@taskflow/testing/broker-conformance'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { postgresBroker } from './postgres-broker.ts'

for (const engine of engines().filter(({ kind }) => kind === 'postgres')) {
  describeWith(['pgbouncer'], `${engine.name} through a PgBouncer`, () => {
    const given = useStorage(engine, { isPooled: true })

    brokerConformance({
      name: 'postgres',
      carriesDispatches: false,
      open: async () => postgresBroker({ wakeups: given.wakeups, clock: systemClock, pollMs: 60_000 }),
      async notify(dispatches) {
        const queues = [...new Set(dispatches.map(({ queue }) => queue))]
        await rowsOf(given.db, `select pg_notify('taskflow_ready', $1)`, [queues.join(',')])
      },
    })
  })
}
