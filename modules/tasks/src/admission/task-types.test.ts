import { handClock, newTaskType } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { TaskTypeDefaults } from '../domain/task-type.ts'
import { TaskTypes } from './task-types.ts'

/** Creates a source that answers when the test says so. */
function source() {
  const queries: PromiseWithResolvers<TaskTypeDefaults[]>[] = []
  return {
    queries,
    listTaskTypes() {
      const query = Promise.withResolvers<TaskTypeDefaults[]>()
      queries.push(query)
      return query.promise
    },
  }
}

function setup() {
  const clock = handClock()
  const storage = source()
  return { clock, storage, types: new TaskTypes({ storage, clock, log: { warn: () => {} } }) }
}

test('shares one query among concurrent callers', async () => {
  const { storage, types } = setup()
  const found = Promise.all([types.find('p', 'a'), types.find('p', 'a'), types.find('p', 'b')])
  storage.queries[0]?.resolve([newTaskType('a')])
  expect((await found).map((known) => known?.type)).toEqual(['a', 'a', undefined])
  expect(storage.queries).toHaveLength(1)
})

test('queries again when the cache is too old, and sooner for an unknown type', async () => {
  const { clock, storage, types } = setup()
  const found = types.find('p', 'a')
  storage.queries[0]?.resolve([newTaskType('a')])
  await found
  await clock.advance(4_999)
  expect(await types.find('p', 'a')).toMatchObject({ type: 'a' })
  const unknown = types.find('p', 'b')
  storage.queries[1]?.resolve([newTaskType('b')])
  expect(await unknown).toMatchObject({ type: 'b' })
  expect(await types.find('p', 'a')).toBeUndefined()
})

test('does not cache a failed query', async () => {
  const { storage, types } = setup()
  const failed = types.find('p', 'a')
  storage.queries[0]?.reject(new Error('unavailable'))
  await expect(failed).rejects.toThrow('unavailable')
  const found = types.find('p', 'a')
  storage.queries[1]?.resolve([newTaskType('a')])
  expect(await found).toMatchObject({ type: 'a' })
})

test('queries a given source separately from the shared query', async () => {
  const { storage, types } = setup()
  const transaction = source()
  const usual = types.find('p', 'a')
  const given = types.find('p', 'a', transaction)
  transaction.queries[0]?.resolve([newTaskType('a')])
  expect(await given).toMatchObject({ type: 'a' })
  storage.queries[0]?.resolve([])
  expect(await usual).toBeUndefined()
})
