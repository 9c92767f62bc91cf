import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SETTINGS } from './config.ts'
import { loadSettings } from './load-settings.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'taskflow-config-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const load = (given: { flags?: object; env?: Record<string, string>; warn?: (sentence: string) => void } = {}) =>
  loadSettings({ flags: {}, env: {}, cwd, ...given })

const writeConfig = (text: string): void => writeFileSync(join(cwd, 'taskflow.config.ts'), text)

test('has a default for every required setting', async () => {
  expect(await load()).toMatchObject({
    port: 8080,
    dataDir: '.taskflow',
    roles: ['api', 'worker', 'coordinator'],
    queues: ['default'],
    maxPayloadBytes: 1_048_576,
    retentionMs: 7 * 86_400_000,
  })
})

test('prefers flags to the environment, and the environment to the file', async () => {
  writeConfig(`export default { port: 1, concurrency: 2, queues: ['a', 'b'] satisfies string[] }`)
  const settings = await load({ flags: { port: '3' }, env: { TASKFLOW_PORT: '4', TASKFLOW_CONCURRENCY: '5' } })
  expect(settings).toMatchObject({ port: 3, concurrency: 5, queues: ['a', 'b'] })
})

test('parses lists separated by commas', async () => {
  const env = { TASKFLOW_ROLES: 'api, worker', TASKFLOW_QUEUES: 'a,b,' }
  expect(await load({ env })).toMatchObject({ roles: ['api', 'worker'], queues: ['a', 'b'] })
})

test('parses weights of queues, types and labels', async () => {
  const env = {
    TASKFLOW_QUEUES: 'default=3, mail',
    TASKFLOW_TYPES: 'report.*,mail.send',
    TASKFLOW_WORKER_LABELS: 'zone=eu, note=a=b,gpu=',
  }
  expect(await load({ env })).toMatchObject({
    queues: ['default=3', 'mail'],
    types: ['report.*', 'mail.send'],
    workerLabels: { zone: 'eu', note: 'a=b', gpu: '' },
  })
})

test.each([
  ['TASKFLOW_QUEUES', 'default=3,mail=0', 'must give weights as whole numbers from 1 to 1000, got "mail=0"'],
  ['TASKFLOW_TYPES', 'report.*,*.mail', 'must be names of task types, or prefixes followed by *, got "*.mail"'],
  ['TASKFLOW_WORKER_LABELS', 'zone=eu,gpu', 'must be pairs such as zone=eu,gpu=no, got "zone=eu,gpu"'],
  ['TASKFLOW_WORKER_LABELS', 'zone=eu,zone=us', 'must be pairs such as zone=eu,gpu=no, got "zone=eu,zone=us"'],
  ['TASKFLOW_WORKER_LABELS', `${'n'.repeat(65)}=x`, `must have names of 1 to 64 characters, got "${'n'.repeat(65)}"`],
  ['TASKFLOW_WORKER_LABELS', ' =eu', 'must be pairs such as zone=eu,gpu=no, got " =eu"'],
])('rejects %s=%s', async (variable, value, mistake) => {
  await expect(load({ env: { [variable]: value } })).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: `${variable} ${mistake}`,
  })
})

test('rejects a health port in a process with the API', async () => {
  const env = { TASKFLOW_HEALTH_PORT: '0' }
  await expect(load({ env })).rejects.toThrow('TASKFLOW_HEALTH_PORT is only for processes without the role api')
  const alone = { ...env, TASKFLOW_DATABASE_URL: 'postgres://a' }
  expect(await load({ env: alone, flags: { roles: 'worker' } })).toMatchObject({ healthPort: 0 })
  await expect(load({ env, flags: { roles: 7 } })).rejects.toThrow('--roles')
})

test('treats an empty variable as not set', async () => {
  const settings = await load({ env: { TASKFLOW_PORT: '', TASKFLOW_DATABASE_URL: '' } })
  expect(settings.port).toBe(8080)
  expect(settings.databaseUrl).toBeUndefined()
})

test('names every invalid value at once, with its source', async () => {
  writeConfig(`export default { host: 5, colour: 'red' }`)
  const env = { TASKFLOW_PORT: 'http', TASKFLOW_ROLES: 'api,boss', TASKFLOW_DATABASE_URL: 'mysql://x' }
  const error = await load({ flags: { concurrency: '0' }, env }).catch((error: Error) => error)
  expect(error).toMatchObject({ code: 'SETTINGS_INVALID' })
  for (const part of [
    'TASKFLOW_PORT must be integer, got "http"',
    'TASKFLOW_ROLES must be one or more of api, worker, coordinator, got ["api","boss"]',
    'TASKFLOW_DATABASE_URL',
    '--concurrency must be >= 1, got 0',
    'host in taskflow.config.ts',
    'colour in taskflow.config.ts is not a setting',
  ]) {
    expect((error as Error).message).toContain(part)
  }
})

test('does not print an invalid secret', async () => {
  const error = await load({ env: { TASKFLOW_ADMIN_TOKEN: 'with space' } }).catch((error: Error) => error)
  expect((error as Error).message).toContain('TASKFLOW_ADMIN_TOKEN')
  expect((error as Error).message).not.toContain('with space')
})

test.each(['hush-hush', 'hush/hush', 'hush@hush'])(
  'does not print the password %s of an invalid address',
  async (password) => {
    const env = { TASKFLOW_REDIS_URL: `http://user:${password}@redis:6379` }
    const error = (await load({ env }).catch((error: Error) => error)) as Error
    expect(error.message).toContain('TASKFLOW_REDIS_URL')
    expect(error.message).toContain('//…@redis:6379')
    expect(error.message).not.toContain('hush')
  },
)

test.each([
  [{ TASKFLOW_BROKER: 'redis' }, ['TASKFLOW_BROKER redis needs TASKFLOW_REDIS_URL', 'needs TASKFLOW_DATABASE_URL']],
  [{ TASKFLOW_BROKER: 'rabbitmq', TASKFLOW_DATABASE_URL: 'postgres://a' }, ['rabbitmq needs TASKFLOW_AMQP_URL']],
  [{ TASKFLOW_REDIS_LOW_URL: 'redis://a' }, ['TASKFLOW_REDIS_LOW_URL needs TASKFLOW_REDIS_URL']],
  [{ TASKFLOW_DATABASE_READ_URL: 'postgres://a' }, ['TASKFLOW_DATABASE_READ_URL needs TASKFLOW_DATABASE_URL']],
])('rejects %o without the setting that it needs', async (env, sentences) => {
  const error = (await load({ env }).catch((error: Error) => error)) as Error
  expect(error).toMatchObject({ code: 'SETTINGS_INVALID' })
  for (const sentence of sentences) expect(error.message).toContain(sentence)
})

test('rejects a process without the API and without a shared database', async () => {
  const env = { TASKFLOW_ROLES: 'worker,coordinator' }
  await expect(load({ env })).rejects.toThrow(
    'TASKFLOW_ROLES worker,coordinator without api needs TASKFLOW_DATABASE_URL',
  )
  await expect(load({ env: { ...env, TASKFLOW_DATABASE_URL: 'postgres://a' } })).resolves.toBeDefined()
})

test('warns of the address of a broker that is not in use', async () => {
  const sentences: string[] = []
  await load({ env: { TASKFLOW_REDIS_URL: 'redis://a' }, warn: (sentence) => void sentences.push(sentence) })
  expect(sentences).toEqual(['TASKFLOW_REDIS_URL has no effect while TASKFLOW_BROKER is postgres'])
})

test('accepts settings together with those they need', async () => {
  const env = { TASKFLOW_BROKER: 'redis', TASKFLOW_REDIS_URL: 'redis://a', TASKFLOW_DATABASE_URL: 'postgres://b' }
  expect(await load({ env })).toMatchObject({ broker: 'redis', redisUrl: 'redis://a' })
})

test('warns of unknown variables and names the nearest setting', async () => {
  const sentences: string[] = []
  const env = { TASKFLOW_PROT: '1', TASKFLOW_TOKEN: 'known elsewhere' }
  await load({ env, warn: (sentence) => void sentences.push(sentence) })
  expect(sentences).toEqual(['TASKFLOW_PROT is not a setting and has no effect; did you mean TASKFLOW_PORT?'])
})

test('describes each setting and has valid defaults', async () => {
  for (const { name, env, flag, description } of SETTINGS) {
    expect(description, name).toBeTruthy()
    expect(env, name).toMatch(/^TASKFLOW_[A-Z_]+$/)
    expect(flag, name).toMatch(/^--[a-z-]+$/)
  }
  await expect(load()).resolves.toBeDefined()
})

test('parses labels with blanks around their parts', async () => {
  const env = { TASKFLOW_WORKER_LABELS: 'zone = eu , gpu= no' }
  expect(await load({ env })).toMatchObject({ workerLabels: { zone: 'eu', gpu: 'no' } })
})

test.each(['postgres://user:secret@host:99999/db', 'postgres://user:sec:ret/x@[::1/db'])(
  'rejects the invalid address %s without printing its password',
  async (url) => {
    const error = (await load({ env: { TASKFLOW_DATABASE_URL: url } }).catch((error: Error) => error)) as Error
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID' })
    expect(error.message).toContain('TASKFLOW_DATABASE_URL is not a valid address')
    expect(error.message).not.toContain('sec')
  },
)

test.each([
  ['10n', 'port in taskflow.config.ts must be integer, got 10n'],
  ['() => 8080', 'port in taskflow.config.ts must be integer, got [Function: port]'],
  ['Symbol("eighty")', 'port in taskflow.config.ts must be integer, got Symbol(eighty)'],
  ['(() => { const self = {}; self.self = self; return self })()', 'port in taskflow.config.ts must be integer, got'],
])('prints a port of %s in the file, which JSON cannot express', async (value, sentence) => {
  writeConfig(`export default { port: ${value} }`)
  const error = (await load().catch((error: Error) => error)) as Error
  expect(error).toMatchObject({ code: 'SETTINGS_INVALID' })
  expect(error.message).toContain(sentence)
})

test('prints a broker that is not a text', async () => {
  writeConfig('export default { broker: Object.create(null) }')
  await expect(load()).rejects.toThrow('broker in taskflow.config.ts must be one of postgres, redis, rabbitmq, got {}')
})

test.each([
  ['export default {', 'taskflow.config.ts cannot be loaded: '],
  ['throw new Error("no vault")', 'taskflow.config.ts cannot be loaded: no vault'],
  ['throw null', 'taskflow.config.ts cannot be loaded: null'],
  ['export default [{ port: 1 }]', 'Expected taskflow.config.ts to export an object of settings'],
  ['export default Promise.resolve({ port: 1 })', 'Expected taskflow.config.ts to export an object of settings'],
  ['export default new Map([["port", 1]])', 'Expected taskflow.config.ts to export an object of settings'],
])('rejects the file %s', async (text, sentence) => {
  writeConfig(text)
  const error = (await load().catch((error: Error) => error)) as Error
  expect(error).toMatchObject({ code: 'SETTINGS_INVALID' })
  expect(error.message).toContain(sentence)
})
