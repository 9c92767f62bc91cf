import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('what is not said is ten minutes with Redis', () => {
  expect(readOptions([])).toMatchObject({ minutes: 10, seed: 1, broker: 'redis', apis: 2, workers: 3, coordinators: 2 })
})

test('each option is read', () => {
  const args = '--minutes 0.5 --seed 7 --broker rabbitmq --apis 1 --workers 2 --coordinators 1 --rate 5 --json a.json'
  expect(readOptions(args.split(' '))).toMatchObject({
    minutes: 0.5,
    seed: 7,
    broker: 'rabbitmq',
    apis: 1,
    workers: 2,
    coordinators: 1,
    rate: 5,
    json: 'a.json',
  })
})

test('harm can be confined to some kinds', () => {
  expect(readOptions([]).only).toBeUndefined()
  expect(readOptions(['--only', 'crash PostgreSQL, wipe the broker']).only).toEqual([
    'crash PostgreSQL',
    'wipe the broker',
  ])
})

test('a wrong value is refused in a sentence that names it', () => {
  expect(() => readOptions(['--broker', 'kafka'])).toThrow(
    'Expected --broker to be one of postgres, redis, rabbitmq, got kafka',
  )
  expect(() => readOptions(['--workers', '0'])).toThrow('Expected --workers to be a whole number from 1, got 0')
  expect(() => readOptions(['--minutes', 'ten'])).toThrow('Expected --minutes to be a number above 0, got ten')
  expect(() => readOptions(['--only', 'wipe the broker', '--broker', 'postgres'])).toThrow(
    /Expected --only to name kinds of harm, got wipe the broker; with postgres there are: kill a process, /,
  )
  expect(() => readOptions(['--speed', '1'])).toThrow(TypeError)
})
