/** The one place that knows how a program submits straight to PostgreSQL. */
import { EventEmitter } from 'node:events'
import { type Broker, type Dispatch, type NewTask, naturalBatch, type TaskFlowEvents, uuidV7Ids } from '@taskflow/core'
import { migrator, openStorage, postgresDatabase } from '@taskflow/storage'
import type { Payload } from './payload.ts'

export interface DirectClient {
  submit(payloads: readonly Payload[]): Promise<unknown>
  close(): Promise<void>
}

const RETENTION_MS = 7 * 86_400_000
const MAX_PUBLISHED = 250

const ids = uuidV7Ids({ now: () => new Date() }, Math.random)

/** @param broker told of what became queued, where PostgreSQL is not its own */
export async function openDirectClient(url: string, broker?: Pick<Broker, 'publish' | 'close'>): Promise<DirectClient> {
  const db = postgresDatabase({ url })
  await migrator(db).up()
  const events = new EventEmitter<TaskFlowEvents>()
  const onQueued = broker && publishingTo(broker)
  const storage = openStorage({ db, events, retentionMs: RETENTION_MS, ...(onQueued && { onQueued }) })
  return {
    submit: (payloads) => storage.submitTasks({ project: 'default', tasks: payloads.map(newTask) }),
    async close() {
      await db.close()
      await broker?.close()
    },
  }
}

function publishingTo(broker: Pick<Broker, 'publish'>): (dispatches: readonly Dispatch[]) => void {
  const gathered = naturalBatch<readonly Dispatch[], void>({
    async run(items) {
      await broker.publish(items.flat())
      return items.map(() => undefined)
    },
    maxWeight: MAX_PUBLISHED,
    weigh: (dispatches) => dispatches.length,
    isShared: () => true,
  })
  return (dispatches) => {
    for (let from = 0; from < dispatches.length; from += MAX_PUBLISHED)
      void gathered.add(dispatches.slice(from, from + MAX_PUBLISHED))
  }
}

const newTask = (payload: Payload): NewTask => ({
  id: ids.next() as NewTask['id'],
  project: 'default',
  type: 'bench.noop',
  queue: 'default',
  priority: 'normal',
  payload: JSON.stringify(payload),
  runAt: null,
  delayMs: null,
  maxAttempts: 5,
  retry: null,
  timeouts: null,
  retentionMs: null,
  labels: null,
  title: null,
  description: null,
  createdBy: 'bench',
})
