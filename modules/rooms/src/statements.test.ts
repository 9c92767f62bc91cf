import { openAsBlob, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { type Engine, engines, openTestDatabase } from '@taskflow/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everyStatement, statementFiles } from './every-statement.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')

test('every file of statements is one statement, named after it', () => {
  const names = everyStatement.map(({ name }) => name)
  expect(names.map((name) => `${name.replaceAll('_', '-')}.ts`).sort()).toEqual(
    statementFiles.map((file) => basename(file)).sort(),
  )
  expect(new Set(names).size).toBe(names.length)
})

test.each(statementFiles)('%s is a constant text', (file) => {
  expect(read(file)).not.toContain('${')
})

// Columns that send notifications; their values are not read.
const WAKE_UPS = ['announced', 'announced_due']

for (const engine of engines()) {
  describe(engine.name, () => {
    let server: Describer
    beforeAll(async () => {
      server = await openDescriber(engine)
    })
    afterAll(() => server.close())

    // A server has its autovacuum, and cannot prepare a vacuum.
    const prepared = everyStatement.filter(({ name }) => engine.kind === 'pglite' || name !== 'vacuum_tables')
    test.each(prepared.map((each) => [each.name, each]))('%s prepares and returns its columns', async (_, each) => {
      const columns = await server.describe(each.text)
      expect(columns.filter((column) => !WAKE_UPS.includes(column))).toEqual(each.columns)
    })
  })
}

interface Describer {
  /** Names of the columns that a statement would return. */
  describe(text: string): Promise<string[]>
  close(): Promise<void>
}

async function openDescriber(engine: Engine): Promise<Describer> {
  if (engine.kind === 'pglite') {
    const pglite = await PGlite.create({ loadDataDir: await openAsBlob(engine.dumpFile) })
    return {
      describe: async (text) => (await pglite.describeQuery(text)).resultFields.map(({ name }) => name),
      close: () => pglite.close(),
    }
  }
  const { url, drop } = await openTestDatabase(engine)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    describe: (text) => new Promise((resolve, reject) => client.query(describing(text, resolve, reject))),
    async close() {
      await client.end()
      await drop()
    },
  }
}

/** Has a statement parsed and described, and not run: node-postgres sends whatever object can submit itself. */
function describing(text: string, resolve: (columns: string[]) => void, reject: (error: Error) => void) {
  let columns: string[] = []
  return {
    submit(connection: pg.Connection) {
      connection.parse({ name: '', text, types: [] }, true)
      connection.describe({ type: 'S', name: '' }, true)
      connection.sync()
    },
    handleRowDescription: ({ fields }: { fields: { name: string }[] }) => {
      columns = fields.map(({ name }) => name)
    },
    handleReadyForQuery: () => resolve(columns),
    handleError: reject,
  }
}
