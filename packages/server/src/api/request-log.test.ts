import { requestLog } from '@taskflow/http'
import { expect, test } from 'vitest'
import { createLog } from '../telemetry/log.ts'

function setup(logLevel: string) {
  const lines: Record<string, unknown>[] = []
  const log = createLog({ logLevel }, { write: (line) => void lines.push(JSON.parse(line)) })
  const children: unknown[] = []
  log.onChild = (child) => void children.push(child)
  return { lines, children, log: requestLog(log, { requestId: 'r1' }) }
}

test('says what the process log would, under the id of the request', () => {
  const { lines, log } = setup('trace')
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]({ status: 200 }, level)
  log.child({ part: 'body' }).info('child')
  expect(lines).toMatchObject([
    ...['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((msg) => ({ msg, requestId: 'r1', status: 200 })),
    { msg: 'child', requestId: 'r1', part: 'body' },
  ])
})

test('costs nothing until something is said that is not beneath the level', () => {
  const { lines, children, log } = setup('info')
  log.debug('not told')
  log.trace('not told')
  log.silent('not told')
  expect(children).toEqual([])
  log.info('told')
  log.info('told')
  expect(children).toHaveLength(1)
  expect(lines).toHaveLength(2)
})
