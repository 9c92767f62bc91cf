import { engines, eventually, openTestDatabase, type TestDatabase } from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** Values that both engines must map alike, in parameters and in columns. */
const VALUES: readonly (readonly [sqlType: string, value: unknown])[] = [
  ['text', `it's "quoted" \\ {1,2} 👩‍🚀`],
  ['text', ''],
  ['boolean', true],
  ['smallint', 3],
  ['integer', -2_147_483_648],
  ['bigint', Number.MAX_SAFE_INTEGER],
  ['float8', 1.5],
  ['uuid', '01900000-0000-7000-8000-000000000001'],
  ['timestamptz', new Date('2026-05-05T12:00:00.123Z')],
  ['timestamptz', new Date('1999-12-31T23:59:59.999Z')],
  ['json', '{ "b": 1, "a": [1.10, null, "\\u0000"] }'],
  ['json', 'null'],
  ['text[]', []],
  [
    'text[]',
    ['a', null, '', 'NULL', 'null', `it's "quoted"`, 'back\\slash', '{braces}', 'com,ma', ' space ', 'Größe 👩‍🚀'],
  ],
  ['integer[]', [1, null, -3]],
  ['bigint[]', [1, null, Number.MAX_SAFE_INTEGER]],
  ['boolean[]', [true, null, false]],
  ['uuid[]', ['01900000-0000-7000-8000-000000000001', null]],
  ['timestamptz[]', [new Date('2026-05-05T12:00:00.123Z'), null]],
]

for (const engine of engines()) {
  describe(engine.name, () => {
    let opened: TestDatabase
    beforeAll(async () => {
      opened = await openTestDatabase(engine)
      await script(opened.db, 'create table scrap (text text primary key)')
    })
    afterAll(() => opened.drop())

    const notes = async () =>
      (await rowsOf<{ text: string }>(opened.db, 'select text from scrap order by 1')).map(({ text }) => text)

    test.each(VALUES)('returns a %s unchanged: %j', async (sqlType, value) => {
      const [row] = await rowsOf(opened.db, `select $1::${sqlType} as value, null::${sqlType} as nothing`, [value])
      expect(row).toEqual({ value, nothing: null })
    })

    test('accepts jsonb as text and returns it parsed', async () => {
      const [row] = await rowsOf(opened.db, 'select $1::jsonb as value', ['{"a": [1, null, "x"]}'])
      expect(row).toEqual({ value: { a: [1, null, 'x'] } })
    })

    test('accepts arrays of JSON texts with quotes, braces and null', async () => {
      const texts = ['{"a": "b, \\"c\\" {d} \\\\"}', null, 'null', '[]', '"x"']
      const rows = await rowsOf(opened.db, 'select * from unnest($1::json[]) as value', [texts])
      expect(rows).toEqual(texts.map((value) => ({ value })))
    })

    test('accepts null as the only parameter', async () => {
      expect(await rowsOf(opened.db, 'select $1::text is null as is_null', [null])).toEqual([{ is_null: true }])
    })

    test('commits a transaction and resolves with its result', async () => {
      const result = await opened.db.transaction(async (tx) => {
        await tx.script(`insert into scrap values ('kept'); insert into scrap values ('kept too')`)
        return 'made'
      })
      expect(result).toBe('made')
      expect(await notes()).toEqual(['kept', 'kept too'])
      await script(opened.db, 'delete from scrap')
    })

    test('rolls back a transaction that throws, and throws the same error', async () => {
      const error = new Error('changed its mind')
      const work = opened.db.transaction(async (tx) => {
        await tx.script(`insert into scrap values ('lost')`)
        throw error
      })
      await expect(work).rejects.toBe(error)
      expect(await notes()).toEqual([])
    })

    test('rolls back a transaction whose statement fails', async () => {
      const work = script(opened.db, `insert into scrap values ('a'); insert into scrap values ('a')`)
      await expect(work).rejects.toMatchObject({ code: '23505' })
      expect(await notes()).toEqual([])
    })

    test('throws the error of a failed statement unchanged', async () => {
      await expect(rowsOf(opened.db, 'select no_such_column')).rejects.toMatchObject({ code: '42703' })
    })

    test('calls each listener of a channel with each payload, in order, until it stops', async () => {
      const received: [string[], string[]] = [[], []]
      const stops = [
        await opened.db.listen('test_channel', (payload) => received[0].push(payload)),
        await opened.db.listen('test_channel', (payload) => received[1].push(payload)),
      ]
      const notify = (payload: string) => rowsOf(opened.db, `select pg_notify('test_channel', $1)`, [payload])
      await notify('first')
      await notify('')
      await eventually(() => received.every(({ length }) => length === 2))
      await stops[0]!()
      await notify('last')
      await eventually(() => received[1].length === 3)
      expect(received).toEqual([
        ['first', ''],
        ['first', '', 'last'],
      ])
      await stops[1]!()
    })

    test('listens before it resolves, for several listeners that start at once', async () => {
      const received: string[] = []
      await Promise.all([1, 2, 3].map(() => opened.db.listen('at_once', (payload) => received.push(payload))))
      await rowsOf(opened.db, `select pg_notify('at_once', 'x')`)
      await eventually(() => received.length === 3)
    })

    test('sends no notification of a transaction that is rolled back', async () => {
      const received: string[] = []
      const stop = await opened.db.listen('quiet', (payload) => received.push(payload))
      await script(opened.db, `notify quiet, 'lost'; select no_such_column`).catch(() => {})
      await rowsOf(opened.db, `select pg_notify('quiet', 'kept')`)
      await eventually(() => received.length > 0)
      expect(received).toEqual(['kept'])
      await stop()
    })
  })

  test(`${engine.name}: can be closed twice, and is unavailable afterwards`, async () => {
    const { db, drop } = await openTestDatabase(engine)
    await db.close()
    await db.close()
    await expect(rowsOf(db, 'select 1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    await expect(db.transaction(async () => {})).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    await drop()
  })
}
