import { openAsBlob, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { type Engine, engines, openTestDatabase } from '@taskflow/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everyStatement, statementFiles } from './every-statement.ts'

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../../..', file), 'utf8')

test('each file of statements contains one statement with the name of the file', () => {
  const names = everyStatement.map(({ name }) => name)
  expect(names.map((name) => `${name.replaceAll('_', '-')}.ts`).sort()).toEqual(
    statementFiles.map((file) => basename(file)).sort(),
  )
  expect(new Set(names).size).toBe(names.length)
})

const LONGEST_LINE = 120

// No tool formats SQL here: see docs/decisions/0020-sql-in-files.md.
test.each(statementFiles)('%s has its SQL in a file beside it, formatted like all SQL', (file) => {
  const lines = read(file.replace(/\.ts$/, '.sql')).split('\n')
  const strings = /'[^']*'/g
  const flaws = lines.flatMap((line, index) => [
    ...(line.length > LONGEST_LINE ? [`line ${index + 1} is longer than ${LONGEST_LINE} columns`] : []),
    ...(/\t|\s$/.test(line) ? [`line ${index + 1} has a tab, or ends with a space`] : []),
    ...(/^ *(select|with|insert|update|delete|from|where|order|limit)\b/i.test(line) &&
    /[A-Z]{3}/.test(line.replace(strings, ''))
      ? [`line ${index + 1} has keywords in upper case`]
      : []),
  ])
  expect(flaws).toEqual([])
  expect(lines.at(-1), 'the last line ends').toBe('')
  expect(read(file)).toContain('sqlBeside(import.meta.url)')
})

for (const engine of engines()) {
  describe(engine.name, () => {
    let server: Describer
    beforeAll(async () => {
      server = await openDescriber(engine)
    })
    afterAll(() => server.close())

    // PostgreSQL cannot prepare VACUUM, and only PGlite runs this statement.
    const prepared = everyStatement.filter(({ name }) => engine.kind === 'pglite' || name !== 'vacuum_tables')
    test.each(prepared.map((each) => [each.name, each]))(
      '%s can be prepared, and returns its columns and notifications',
      async (_, each) => {
        const columns = await server.describe(each.text)
        const notifications = (each.notifies ?? []).map((topic) => `notify_${topic}`)
        expect(columns).toEqual([...each.columns, ...notifications])
      },
    )
  })
}

interface Describer {
  /** Resolves with the names of the columns that a statement would return. */
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

/** Returns a query for node-postgres that parses and describes a statement without running it. */
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
