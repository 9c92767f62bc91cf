import { everyStatement } from '@taskflow/rooms/every-statement'
import { expect, test } from 'vitest'
import { nameOfStatement } from './statement-names.ts'

test('every statement has a shape of its own, by which it is found', () => {
  for (const { name, text } of everyStatement) expect(nameOfStatement(text)).toBe(name)
})

test('finds a statement whose constants have become parameters', () => {
  const heartbeat = everyStatement.find(({ name }) => name === 'heartbeat_worker')?.text ?? ''
  const counted = heartbeat.replaceAll(/'\w+'/g, '$7').replaceAll('null', '$8')
  expect(counted).not.toBe(heartbeat)
  expect(nameOfStatement(counted)).toBe('heartbeat_worker')
})

test('does not know a statement that is not ours', () => {
  expect(nameOfStatement('begin')).toBeUndefined()
})
