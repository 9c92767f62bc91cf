import { settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { endInStages } from './end-in-stages.ts'

function setup() {
  const ended: string[] = []
  const slow = Promise.withResolvers<void>()
  const end = (name: string) => async () => void ended.push(name)
  return {
    ended,
    slow,
    end,
    endSlowly: (name: string) => () => slow.promise.then(end(name)),
    fail: (reason: string) => () => Promise.reject(new Error(reason)),
  }
}

test('ends all parts of a stage at once, and the next stage when all of them have ended', async () => {
  const { ended, slow, end, endSlowly } = setup()
  const ending = endInStages([endSlowly('coordinator'), end('worker')], [end('api')])
  await settled()
  expect(ended).toEqual(['worker'])
  slow.resolve()
  await ending
  expect(ended).toEqual(['worker', 'coordinator', 'api'])
})

test('ends the other parts when one fails, and then throws the first failure', async () => {
  const { ended, end, fail } = setup()
  const throws = () => {
    throw new Error('at once')
  }
  const ending = endInStages([fail('first'), end('worker')], [throws, end('api')], [end('database')])
  await expect(ending).rejects.toThrow('first')
  expect(ended).toEqual(['worker', 'api', 'database'])
})
