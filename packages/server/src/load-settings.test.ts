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

test('needs nothing to be set', async () => {
  expect(await load()).toMatchObject({
    port: 8080,
    dataDir: '.taskflow',
    roles: ['api', 'worker', 'coordinator'],
    queues: ['default'],
    maxPayloadBytes: 1_048_576,
    retentionMs: 7 * 86_400_000,
  })
})

test('takes flags before the environment, and that before the file', async () => {
  writeConfig(`export default { port: 1, concurrency: 2, queues: ['a', 'b'] satisfies string[] }`)
  const settings = await load({ flags: { port: '3' }, env: { TASKFLOW_PORT: '4', TASKFLOW_CONCURRENCY: '5' } })
  expect(settings).toMatchObject({ port: 3, concurrency: 5, queues: ['a', 'b'] })
})

test('reads lists separated by commas', async () => {
  const env = { TASKFLOW_ROLES: 'api, worker', TASKFLOW_QUEUES: 'a,b,' }
  expect(await load({ env })).toMatchObject({ roles: ['api', 'worker'], queues: ['a', 'b'] })
})

test('reads weights of queues, types and labels', async () => {
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
  ['TASKFLOW_TYPES', 'report.*,*.mail', 'must be names of task types, or beginnings with a * behind, got "*.mail"'],
  ['TASKFLOW_WORKER_LABELS', 'zone=eu,gpu', 'must be pairs as zone=eu,gpu=no, got "zone=eu,gpu"'],
  ['TASKFLOW_WORKER_LABELS', 'zone=eu,zone=us', 'must be pairs as zone=eu,gpu=no, got "zone=eu,zone=us"'],
  ['TASKFLOW_WORKER_LABELS', `${'n'.repeat(65)}=x`, `must have names of 1 to 64 characters, got "${'n'.repeat(65)}"`],
  ['TASKFLOW_WORKER_LABELS', ' =eu', 'must be pairs as zone=eu,gpu=no, got " =eu"'],
])('refuses %s=%s', async (variable, value, mistake) => {
  await expect(load({ env: { [variable]: value } })).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: `${variable} ${mistake}`,
  })
})

test('refuses a port for health beside the API, which serves the same', async () => {
  const env = { TASKFLOW_HEALTH_PORT: '0' }
  await expect(load({ env })).rejects.toThrow('TASKFLOW_HEALTH_PORT has no use in a process with role api')
  const alone = { ...env, TASKFLOW_DATABASE_URL: 'postgres://a' }
  expect(await load({ env: alone, flags: { roles: 'worker' } })).toMatchObject({ healthPort: 0 })
  await expect(load({ env, flags: { roles: 7 } })).rejects.toThrow('--roles')
})

test('takes an empty variable as not set', async () => {
  const settings = await load({ env: { TASKFLOW_PORT: '', TASKFLOW_DATABASE_URL: '' } })
  expect(settings.port).toBe(8080)
  expect(settings.databaseUrl).toBeUndefined()
})

test('names every wrong value at once, with where it came from', async () => {
  writeConfig(`export default { host: 5, colour: 'red' }`)
  const env = { TASKFLOW_PORT: 'http', TASKFLOW_ROLES: 'api,boss', TASKFLOW_DATABASE_URL: 'mysql://x' }
  const refused = await load({ flags: { concurrency: '0' }, env }).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'SETTINGS_INVALID' })
  for (const part of [
    'TASKFLOW_PORT must be integer, got "http"',
    'TASKFLOW_ROLES must be some of api, worker, coordinator, got ["api","boss"]',
    'TASKFLOW_DATABASE_URL',
    '--concurrency must be >= 1, got 0',
    'host in taskflow.config.ts',
    'colour in taskflow.config.ts is no setting',
  ]) {
    expect((refused as Error).message).toContain(part)
  }
})

test('does not repeat a wrong secret', async () => {
  const refused = await load({ env: { TASKFLOW_ADMIN_TOKEN: 'with space' } }).catch((error: Error) => error)
  expect((refused as Error).message).toContain('TASKFLOW_ADMIN_TOKEN')
  expect((refused as Error).message).not.toContain('with space')
})

test.each(['hush-hush', 'hush/hush', 'hush@hush'])(
  'does not repeat password %s of a wrong address',
  async (password) => {
    const env = { TASKFLOW_REDIS_URL: `http://user:${password}@redis:6379` }
    const refused = (await load({ env }).catch((error: Error) => error)) as Error
    expect(refused.message).toContain('TASKFLOW_REDIS_URL')
    expect(refused.message).toContain('//…@redis:6379')
    expect(refused.message).not.toContain('hush')
  },
)

test.each([
  [{ TASKFLOW_BROKER: 'redis' }, ['TASKFLOW_BROKER redis needs TASKFLOW_REDIS_URL', 'needs TASKFLOW_DATABASE_URL']],
  [{ TASKFLOW_BROKER: 'rabbitmq', TASKFLOW_DATABASE_URL: 'postgres://a' }, ['rabbitmq needs TASKFLOW_AMQP_URL']],
  [{ TASKFLOW_REDIS_LOW_URL: 'redis://a' }, ['TASKFLOW_REDIS_LOW_URL needs TASKFLOW_REDIS_URL']],
  [{ TASKFLOW_DATABASE_READ_URL: 'postgres://a' }, ['TASKFLOW_DATABASE_READ_URL needs TASKFLOW_DATABASE_URL']],
])('refuses %o, which misses another setting', async (env, sentences) => {
  const refused = (await load({ env }).catch((error: Error) => error)) as Error
  expect(refused).toMatchObject({ code: 'SETTINGS_INVALID' })
  for (const sentence of sentences) expect(refused.message).toContain(sentence)
})

test('refuses a process that would share its database with nobody', async () => {
  const env = { TASKFLOW_ROLES: 'worker,coordinator' }
  await expect(load({ env })).rejects.toThrow(
    'TASKFLOW_ROLES worker,coordinator without api needs TASKFLOW_DATABASE_URL',
  )
  await expect(load({ env: { ...env, TASKFLOW_DATABASE_URL: 'postgres://a' } })).resolves.toBeDefined()
})

test('warns of the address of a broker that is not asked', async () => {
  const sentences: string[] = []
  await load({ env: { TASKFLOW_REDIS_URL: 'redis://a' }, warn: (sentence) => void sentences.push(sentence) })
  expect(sentences).toEqual(['TASKFLOW_REDIS_URL has no effect while TASKFLOW_BROKER is postgres'])
})

test('takes settings that come with those they need', async () => {
  const env = { TASKFLOW_BROKER: 'redis', TASKFLOW_REDIS_URL: 'redis://a', TASKFLOW_DATABASE_URL: 'postgres://b' }
  expect(await load({ env })).toMatchObject({ broker: 'redis', redisUrl: 'redis://a' })
})

test('warns of variables that look like settings, and names the nearest', async () => {
  const sentences: string[] = []
  const env = { TASKFLOW_PROT: '1', TASKFLOW_TOKEN: 'known elsewhere' }
  await load({ env, warn: (sentence) => void sentences.push(sentence) })
  expect(sentences).toEqual(['TASKFLOW_PROT is no setting and has no effect; did you mean TASKFLOW_PORT?'])
})

test('describes each setting, with defaults that it would itself accept', async () => {
  for (const { name, env, flag, description } of SETTINGS) {
    expect(description, name).toBeTruthy()
    expect(env, name).toMatch(/^TASKFLOW_[A-Z_]+$/)
    expect(flag, name).toMatch(/^--[a-z-]+$/)
  }
  await expect(load()).resolves.toBeDefined()
})

test('reads labels with blanks around their parts', async () => {
  const env = { TASKFLOW_WORKER_LABELS: 'zone = eu , gpu= no' }
  expect(await load({ env })).toMatchObject({ workerLabels: { zone: 'eu', gpu: 'no' } })
})

test.each(['postgres://user:secret@host:99999/db', 'postgres://user:sec:ret/x@[::1/db'])(
  'refuses %s, which nobody can connect to, without telling its password',
  async (url) => {
    const refused = (await load({ env: { TASKFLOW_DATABASE_URL: url } }).catch((error: Error) => error)) as Error
    expect(refused).toMatchObject({ code: 'SETTINGS_INVALID' })
    expect(refused.message).toContain('TASKFLOW_DATABASE_URL is no address that can be read')
    expect(refused.message).not.toContain('sec')
  },
)

test.each([
  ['10n', 'port in taskflow.config.ts must be integer, got 10n'],
  ['() => 8080', 'port in taskflow.config.ts must be integer, got [Function: port]'],
  ['Symbol("eighty")', 'port in taskflow.config.ts must be integer, got Symbol(eighty)'],
  ['(() => { const self = {}; self.self = self; return self })()', 'port in taskflow.config.ts must be integer, got'],
])('names a port of %s in the file, for which JSON has no words', async (value, sentence) => {
  writeConfig(`export default { port: ${value} }`)
  const refused = (await load().catch((error: Error) => error)) as Error
  expect(refused).toMatchObject({ code: 'SETTINGS_INVALID' })
  expect(refused.message).toContain(sentence)
})

test('names a broker that is no text at all', async () => {
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
])('refuses a file that says %s', async (text, sentence) => {
  writeConfig(text)
  const refused = (await load().catch((error: Error) => error)) as Error
  expect(refused).toMatchObject({ code: 'SETTINGS_INVALID' })
  expect(refused.message).toContain(sentence)
})
