import { settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { endInStages } from './end-in-stages.ts'

function setup() {
  const told: string[] = []
  const slow = Promise.withResolvers<void>()
  const end = (name: string) => async () => void told.push(name)
  return {
    told,
    slow,
    end,
    endSlowly: (name: string) => () => slow.promise.then(end(name)),
    fail: (reason: string) => () => Promise.reject(new Error(reason)),
  }
}

test('ends all of a stage at once, and the next when all of them have ended', async () => {
  const { told, slow, end, endSlowly } = setup()
  const ended = endInStages([endSlowly('coordinator'), end('worker')], [end('api')])
  await settled()
  expect(told).toEqual(['worker'])
  slow.resolve()
  await ended
  expect(told).toEqual(['worker', 'coordinator', 'api'])
})

test('ends the others when one cannot be ended, and says then what failed first', async () => {
  const { told, end, fail } = setup()
  const throws = () => {
    throw new Error('at once')
  }
  const ended = endInStages([fail('first'), end('worker')], [throws, end('api')], [end('database')])
  await expect(ended).rejects.toThrow('first')
  expect(told).toEqual(['worker', 'api', 'database'])
})
