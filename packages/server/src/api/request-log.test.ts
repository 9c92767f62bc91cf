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

test('writes to the log of the process, with the id of the request', () => {
  const { lines, log } = setup('trace')
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]({ status: 200 }, level)
  log.child({ part: 'body' }).info('child')
  expect(lines).toMatchObject([
    ...['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((msg) => ({ msg, requestId: 'r1', status: 200 })),
    { msg: 'child', requestId: 'r1', part: 'body' },
  ])
})

test('creates no child logger before a line at or above the level', () => {
  const { lines, children, log } = setup('info')
  log.debug('below the level')
  log.trace('below the level')
  log.silent('below the level')
  expect(children).toEqual([])
  log.info('logged')
  log.info('logged')
  expect(children).toHaveLength(1)
  expect(lines).toHaveLength(2)
})
