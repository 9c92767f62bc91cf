import type { Subqueue } from '@taskflow/tasks'
import { expect, test } from 'vitest'
import { queueOf } from './subqueue.ts'

const subqueue: Subqueue = { project: 'default', queue: 'mail', type: 'send.mail', priority: 'high' }
const longest = 'x'.repeat(128)

test('a queue is named after its subqueue', () => {
  expect(queueOf(subqueue)).toBe('taskflow/default/mail/send.mail/high')
})

test('the longest names result in distinct queue names that RabbitMQ can store', () => {
  const long: Subqueue = { project: longest, queue: longest, type: longest, priority: 'critical' }
  const others: Subqueue[] = [
    { ...long, priority: 'low' },
    { ...long, queue: `y${longest.slice(1)}` },
    { ...long, queue: longest.slice(1), type: `x${longest.slice(1)}` },
  ]
  const names = [long, ...others].map(queueOf)
  expect(new Set(names).size).toBe(4)
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(200)
})
