import {
  describeWith,
  engines,
  openTestDatabase,
  programFor,
  startPgbouncer,
  type TestDatabase,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresSettings, postgresDatabase } from './postgres-database.ts'
import { statement } from './statement.ts'

// Settings that a role, a database or an address may have for other programs.
const SETTINGS: Readonly<Record<string, string>> = {
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Asia/Kolkata',
  bytea_output: 'escape',
  extra_float_digits: '0',
  standard_conforming_strings: 'off',
  default_transaction_isolation: 'serializable',
  lock_timeout: '1',
  statement_timeout: '50',
  enable_indexscan: 'off',
}

interface Look {
  readonly moment: Date
  readonly isolation: string
  readonly backslash: string
  readonly lock_timeout: string
}

const look = (lane?: 'submit') =>
  statement<readonly [], Look>({
    name: `look_${lane}`,
    ...(lane && { lane }),
    columns: ['moment', 'isolation', 'backslash', 'lock_timeout'],
    text: `select '2026-02-03T04:05:06.789Z'::timestamptz as moment, current_setting('transaction_isolation') as isolation,
                  '\\d' as backslash, current_setting('lock_timeout') as lock_timeout
           from pg_sleep(0.1)`,
  })

const EXPECTED: Look = {
  moment: new Date('2026-02-03T04:05:06.789Z'),
  isolation: 'read committed',
  backslash: '\\d',
  lock_timeout: '0',
}

/** Looks through a lane, the pool and a transaction. */
async function looks(settings: PostgresSettings): Promise<Look[]> {
  const db = postgresDatabase(settings)
  try {
    return [
      ...(await db.run(look('submit'), [])),
      ...(await db.run(look(), [])),
      ...(await db.transaction((tx) => tx.run(look(), []))),
    ]
  } finally {
    await db.close()
  }
}

for (const engine of engines().filter(({ kind }) => kind === 'postgres')) {
  describe(engine.name, () => {
    let plain: TestDatabase
    let set: TestDatabase
    beforeAll(async () => {
      plain = await openTestDatabase(engine)
      set = await openTestDatabase(engine)
      const name = new URL(set.url!).pathname.slice(1)
      for (const [setting, value] of Object.entries(SETTINGS))
        await rowsOf(plain.db, `alter database "${name}" set ${setting} = ${quoted(value)}`)
    })
    afterAll(async () => {
      await plain.drop()
      await set.drop()
    })

    test('statements mean the same, whatever settings the database has', async () => {
      expect(await looks({ url: set.url! })).toEqual([EXPECTED, EXPECTED, EXPECTED])
    })

    test('the options of an address are kept where they do no harm, and it is not taken for a pooler', async () => {
      const options = Object.entries({ ...SETTINGS, geqo: 'off' }).map(
        ([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`,
      )
      const url = `${plain.url!}?options=${encodeURIComponent(options.join(' '))}`
      const notices: string[] = []
      const onNotice = (sentence: string): unknown => notices.push(sentence)
      expect(await looks({ url, onNotice })).toEqual([EXPECTED, EXPECTED, EXPECTED])
      expect(notices).toEqual([])
      const db = postgresDatabase({ url })
      expect(await rowsOf(db, 'show geqo')).toEqual([{ geqo: 'off' }])
      await db.close()
    })

    describeWith(['pgbouncer'], 'behind a pooler', () => {
      test('statements mean the same, whatever settings the database has', async () => {
        const pooler = await startPgbouncer(programFor('pgbouncer'), set.url!)
        try {
          expect(await looks({ url: pooler.url })).toEqual([EXPECTED, EXPECTED, EXPECTED])
        } finally {
          await pooler.stop()
        }
      })
    })
  })
}

const quoted = (value: string): string =>
  // A list of values is not one value.
  value.includes(',')
    ? value
        .split(', ')
        .map((each) => `'${each}'`)
        .join(', ')
    : `'${value}'`
