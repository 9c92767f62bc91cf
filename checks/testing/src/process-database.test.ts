import { describe, expect, test } from 'vitest'
import { engines } from './engines.ts'
import { checkInvariants } from './invariants.ts'
import { useProcessDatabase } from './process-database.ts'
import { useProcesses } from './processes.ts'
import { rowsOf } from './raw-sql.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(engine, processes)

    test('leads a real process to a database that can be looked into afterwards', async () => {
      const migrate = processes.taskflow(['migrate'], { env: database.env, cwd: processes.tempFolder() })
      expect(await migrate.ended, migrate.output).toEqual({ code: 0, signal: null })
      await database.inspect(async (db) => {
        expect(await rowsOf(db, 'select count(*)::integer as tasks from task')).toEqual([{ tasks: 0 }])
        expect(await checkInvariants(db)).toEqual([])
      })
    })
  })
}
