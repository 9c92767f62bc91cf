import { engines, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe, expect, test } from 'vitest'
import { plainArray, textArray } from './array-text.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    const read = async (array: string, type: string) => {
      const [row] = await rowsOf<{ items: unknown }>(given.db, `select $1::${type}[] as items`, [array])
      return row?.items
    }

    const texts = [
      '',
      'null',
      'NULL',
      ' a ',
      'a,b',
      '{a}',
      '"',
      '\\',
      '\\"',
      'first\nsecond\t',
      "it's",
      'Größe 👩‍🚀',
      null,
    ]

    test('returns every text unchanged', async () => {
      expect(await read(textArray(texts), 'text')).toEqual(texts)
    })

    test('returns numbers and nulls unchanged', async () => {
      expect(await read(plainArray([1, null, -2.5, 1e21]), 'float8')).toEqual([1, null, -2.5, 1e21])
    })

    test('returns moments unchanged, to the millisecond', async () => {
      const moment = new Date('2026-01-02T03:04:05.678Z')
      const [row] = await rowsOf<{ moment: Date }>(given.db, 'select ($1::timestamptz[])[2] as moment', [
        plainArray([null, moment]),
      ])
      expect(row?.moment).toEqual(moment)
    })

    test('an array is empty if all items are null', () => {
      expect([textArray([null, null]), plainArray([null])]).toEqual(['{}', '{}'])
    })
  })
}
