import { expect, test } from 'vitest'
import { chaosCommand, readOptions } from './options.ts'

/** Throws where the command would exit. */
const refusedBy = (...args: string[]) => {
  const command = chaosCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  return () => readOptions(args, command)
}

test('runs ten minutes with Redis by default', () => {
  expect(readOptions([])).toMatchObject({ minutes: 10, seed: 1, broker: 'redis', apis: 2, workers: 3, coordinators: 2 })
})

test('reads each option', () => {
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

test('limits harm to the given kinds', () => {
  expect(readOptions([]).only).toBeUndefined()
  expect(readOptions(['--only', 'crash PostgreSQL, wipe the broker']).only).toEqual([
    'crash PostgreSQL',
    'wipe the broker',
  ])
})

test('refuses a wrong value with a message that names it', () => {
  expect(refusedBy('--broker', 'kafka')).toThrow(/'kafka' is invalid. Allowed choices are postgres, redis, rabbitmq/)
  expect(refusedBy('--workers', '0')).toThrow(/--workers <n>.* '0' is invalid. Expected a whole number from 1/)
  expect(refusedBy('--minutes', 'ten')).toThrow(/--minutes <n>.* 'ten' is invalid. Expected a number above 0/)
  expect(refusedBy('--only', 'wipe the broker', '--broker', 'postgres')).toThrow(
    /--broker postgres has no harm "wipe the broker"; there are: kill a process, /,
  )
  expect(refusedBy('--speed', '1')).toThrow(/unknown option '--speed'/)
})
