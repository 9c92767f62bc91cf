import { EventEmitter } from 'node:events'
import { pgliteDatabase, postgresDatabase } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { openWithTestRoom } from './open.ts'

/** A process that reads its notices, stores what follows from them, and dies before the commit. */
const [where = ''] = process.argv.slice(2)
const db = where.startsWith('postgres') ? postgresDatabase({ url: where }) : await pgliteDatabase({ dataDir: where })
const storage = openWithTestRoom({ db, events: new EventEmitter<TaskFlowEvents>(), retentionMs: 86_400_000 })
await storage.consumeEnds(async () => {
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
})
