import type { Clock } from '@taskflow/kernel'
import { type Broker, type Publisher, publisher as publisherOf } from '@taskflow/tasks'
import { openStorage, type Storage, type StorageDeps } from './storage.ts'

interface Ports extends Omit<StorageDeps, 'onQueued'> {
  readonly clock: Clock
  /** Receives a dispatch of each queued task. Absent where workers take tasks from PostgreSQL itself. */
  readonly broker?: Pick<Broker, 'name' | 'publish'> | undefined
}

export interface AssembledStorage {
  readonly storage: Storage
  /** Sends to the broker what the storage queues; absent without a broker. Stopped before the broker is closed. */
  readonly publisher: Publisher | undefined
}

/** Opens the storage and connects it to the broker: every task that becomes queued is published after the commit. */
export function assembleStorage({ broker, clock, ...deps }: Ports): AssembledStorage {
  const publisher = broker && publisherOf({ broker, clock, events: deps.events })
  const storage = openStorage({ ...deps, ...(publisher && { onQueued: publisher.publish }) })
  return { storage, publisher }
}
