import { handClock, newTaskType } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { TaskTypeDefaults } from '../domain/task-type.ts'
import { TaskTypes } from './task-types.ts'

/** A place to ask, which answers when the test says so. */
function source() {
  const questions: PromiseWithResolvers<TaskTypeDefaults[]>[] = []
  return {
    questions,
    listTaskTypes() {
      const question = Promise.withResolvers<TaskTypeDefaults[]>()
      questions.push(question)
      return question.promise
    },
  }
}

function setup() {
  const clock = handClock()
  const storage = source()
  return { clock, storage, types: new TaskTypes({ storage, clock, log: { warn: () => {} } }) }
}

test('asks once for all who ask at a time', async () => {
  const { storage, types } = setup()
  const found = Promise.all([types.find('p', 'a'), types.find('p', 'a'), types.find('p', 'b')])
  storage.questions[0]?.resolve([newTaskType('a')])
  expect((await found).map((known) => known?.type)).toEqual(['a', 'a', undefined])
  expect(storage.questions).toHaveLength(1)
})

test('asks again when the answer has grown old, for what is known and sooner for what is not', async () => {
  const { clock, storage, types } = setup()
  const found = types.find('p', 'a')
  storage.questions[0]?.resolve([newTaskType('a')])
  await found
  await clock.advance(4_999)
  expect(await types.find('p', 'a')).toMatchObject({ type: 'a' })
  const unknown = types.find('p', 'b')
  storage.questions[1]?.resolve([newTaskType('b')])
  expect(await unknown).toMatchObject({ type: 'b' })
  expect(await types.find('p', 'a')).toBeUndefined()
})

test('does not remember that it could not ask', async () => {
  const { storage, types } = setup()
  const failed = types.find('p', 'a')
  storage.questions[0]?.reject(new Error('away'))
  await expect(failed).rejects.toThrow('away')
  const found = types.find('p', 'a')
  storage.questions[1]?.resolve([newTaskType('a')])
  expect(await found).toMatchObject({ type: 'a' })
})

test('asks the source it is given, waits for no other, and lets nobody wait for that', async () => {
  const { storage, types } = setup()
  const transaction = source()
  const usual = types.find('p', 'a')
  const given = types.find('p', 'a', transaction)
  transaction.questions[0]?.resolve([newTaskType('a')])
  expect(await given).toMatchObject({ type: 'a' })
  storage.questions[0]?.resolve([])
  expect(await usual).toBeUndefined()
})
