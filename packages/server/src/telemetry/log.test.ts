import { TaskFlowError } from '@taskflow/kernel'
import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'

function setup() {
  const lines: string[] = []
  return { lines, log: createLog({ logLevel: 'info' }, { write: (line) => void lines.push(line) }) }
}

/** Logs fields and returns them as they are written. */
function logged(fields: object): Record<string, unknown> {
  const { lines, log } = setup()
  log.info(fields, 'hello')
  const { level: _level, time: _time, msg: _msg, ...written } = JSON.parse(lines.join())
  return written
}

describe('the log has no secrets', () => {
  const SECRET_FIELDS = [
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'token',
    'refresh_token',
    'refreshToken',
    'id_token',
    'adminToken',
    'TASKFLOW_ADMIN_TOKEN',
    'client_secret',
    'password',
    'PGPASSWORD',
    'x-api-key',
    'apiKey',
    'authorizationCode',
    'device_code',
    'code_verifier',
    'sessionId',
    'databaseUrl',
    'databaseReadUrl',
    'TASKFLOW_DATABASE_URL',
    'redisLowUrl',
    'amqpUrl',
    'connectionString',
  ]

  for (const name of SECRET_FIELDS)
    test(`in ${name}, at any depth`, () => {
      const field = { [name]: 'hunter2' }
      const censored = { [name]: '[secret]' }
      expect(logged({ ...field, a: { b: [{ c: { d: field } }] } })).toEqual({
        ...censored,
        a: { b: [{ c: { d: censored } }] },
      })
    })

  test('in the code of OAuth, while the code of an error stays', () => {
    expect(logged({ query: { code: 'f3a1.9b.77', state: 's' } })).toEqual({ query: { code: '[secret]', state: 's' } })
    for (const code of ['DATABASE_UNAVAILABLE', 'ECONNREFUSED', '28P01', 42]) expect(logged({ code })).toEqual({ code })
  })

  test('in an address', () => {
    expect(logged({ reason: 'connect postgres://me:hunter2@db:5432/app failed' })).toEqual({
      reason: 'connect postgres://[secret]@db:5432/app failed',
    })
  })

  test('in an error, its details and its cause', () => {
    const cause = Object.assign(new Error('redis://me:hunter2@cache:6379 is gone'), { config: { password: 'hunter2' } })
    const error = new TaskFlowError('INTERNAL', 'Unexpected', { cause, details: { headers: { cookie: 'hunter2' } } })
    const { err } = logged({ err: error })
    expect(JSON.stringify(err)).not.toContain('hunter2')
    expect(err).toMatchObject({ type: 'TaskFlowError', code: 'INTERNAL', stack: expect.stringContaining('Unexpected') })
  })

  test('in the line of a request, or of the HTTP framework about one', () => {
    const { lines, log } = setup()
    log.child({ requestId: 'r1' }).info({ token: 'hunter2' })
    log.info({ req: { method: 'GET', url: '/v1/tasks?token=hunter2' }, res: { statusCode: 500, secret: 'hunter2' } })
    expect(lines.join()).not.toContain('hunter2')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { requestId: 'r1', token: '[secret]' },
      { req: { method: 'GET', path: '/v1/tasks' }, res: { statusCode: 500 } },
    ])
  })
})

test('the log keeps what is no secret', () => {
  const fields = { taskId: 't', counts: [1, 2], at: new Date(0), none: null, path: '/v1/tasks', error: { name: 'E' } }
  expect(logged(fields)).toEqual({ ...fields, at: '1970-01-01T00:00:00.000Z' })
})

test('the log takes an object that contains itself', () => {
  const socket: Record<string, unknown> = { name: 'socket' }
  socket.self = socket
  expect(logged({ socket })).toEqual({ socket: { name: 'socket', self: '[circular]' } })
})
