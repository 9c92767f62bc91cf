import { freePort, useProcesses, within } from '@taskflow/testing'
import { expect, test } from 'vitest'

const processes = useProcesses()

test('a start without its PostgreSQL waits as long as it may, says so plainly and keeps the password to itself', async () => {
  const url = `postgres://taskflow:hush-hush@127.0.0.1:${await freePort()}/taskflow`
  const server = processes.taskflow(['start'], {
    env: { TASKFLOW_DATABASE_URL: url, TASKFLOW_DATABASE_WAIT_MS: '1000', TASKFLOW_PORT: '0' },
    cwd: processes.tempFolder(),
  })
  expect(await within(40_000, server.ended, 'it to give up')).toEqual({ code: 6, signal: null })
  expect(server.output).toMatch(/PostgreSQL at 127\.0\.0\.1:\d+ does not answer \(.*ECONNREFUSED.*\)/)
  expect(server.output).toMatch(/Waiting for PostgreSQL at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED/)
  expect(server.output).not.toContain('hush-hush')
  expect(server.output).not.toMatch(/^ +at /m)
})
