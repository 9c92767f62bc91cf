import { EventEmitter } from 'node:events'
import { openAsBlob } from 'node:fs'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { engines, PROJECT, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { submitTask } from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import { migrator } from './migrator.ts'
import { pgliteDatabase } from './pglite-database.ts'

for (const engine of engines()) {
  if (engine.kind !== 'pglite') continue
  describe(engine.name, () => {
    const processes = useProcesses()

    test('data survives a restart', async () => {
      const dataDir = `${processes.tempFolder()}/data`
      const first = await pgliteDatabase({ dataDir, loadDataDir: await openAsBlob(engine.dumpFile) })
      const storage = openStorage({ db: first, events: new EventEmitter(), retentionMs: 1 })
      const task = await submitTask(storage)
      await first.close()

      const second = await pgliteDatabase({ dataDir })
      const again = openStorage({ db: second, events: new EventEmitter(), retentionMs: 1 })
      expect(await again.getTask(PROJECT, task.id)).toMatchObject({ state: 'queued', payload: task.payload })
      expect(await migrator(second, allMigrations()).up()).toEqual([])
      await second.close()
    })

    test('starts empty, with settings that rule out bad plans', async () => {
      const db = await pgliteDatabase()
      expect(await rowsOf(db, 'show enable_seqscan')).toEqual([{ enable_seqscan: 'off' }])
      expect(await migrator(db, allMigrations()).up()).not.toEqual([])
      await db.close()
    })

    test('runs a statement after the transaction in progress', async () => {
      const db = await pgliteDatabase({ loadDataDir: await openAsBlob(engine.dumpFile) })
      const order: string[] = []
      const working = db.transaction(async (tx) => {
        await tx.script('select 1')
        order.push('in the transaction')
        await tx.script('select 1')
        order.push('at its end')
      })
      const statement = rowsOf(db, 'select 1').then(() => order.push('after it'))
      await Promise.all([working, statement])
      expect(order.indexOf('at its end') - order.indexOf('in the transaction')).toBe(1)
      await db.close()
    })
  })
}
