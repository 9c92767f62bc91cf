import { fallbackBroker, postgresBroker } from '@taskflow/brokers'
import { type Database, databaseWakeups, guardedDatabase, replicaDatabase } from '@taskflow/database'
import type { Clock, Events, Wakeups } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'
import type { ProcessPorts } from './process-ports.ts'

type Ports = Pick<ProcessPorts, 'database' | 'dataDir' | 'replica' | 'broker' | 'clock'>

/** Ports that stay usable, or fail at once, while the server behind them is unavailable. */
export interface GuardedPorts {
  readonly db: Database
  /** For reads that may be a moment old. Closing it closes `db` too. */
  readonly readDb: Database
  readonly wakeups: Wakeups
  /** Closing it closes the broker that was given. */
  readonly broker: Broker
}

/**
 * Guards a process against the loss of its servers: a circuit breaker before the database, the primary behind the
 * replica, and PostgreSQL behind the broker.
 */
export function guardPorts(ports: Ports, events: Events): GuardedPorts {
  const { clock, dataDir } = ports
  // An embedded database cannot be unavailable while the process runs.
  const db = dataDir ? ports.database : guardedDatabase(ports.database, { clock, events })
  const readDb = ports.replica ? replicaDatabase({ primary: db, replica: ports.replica, clock, events }) : db
  const wakeups = databaseWakeups(db)
  return { db, readDb, wakeups, broker: guardBroker(ports.broker, { wakeups, clock, events }) }
}

interface BrokerDeps {
  readonly wakeups: Wakeups
  readonly clock: Clock
  readonly events: Events
}

function guardBroker(primary: Broker | undefined, { wakeups, clock, events }: BrokerDeps): Broker {
  const fallback = postgresBroker({ wakeups, clock })
  return primary ? fallbackBroker({ primary, fallback, clock, events }) : fallback
}
