import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { TaskFlow } from '@taskflow/sdk'
import {
  claimBy,
  emptyDatabase,
  eventually,
  moveTime,
  newLogLine,
  newTask,
  newWorkerId,
  PROJECT,
  pulse,
  stopTime,
  submissionOf,
  useProcesses,
} from '@taskflow/testing'
import { ADMIN_TOKEN, useApi } from '@taskflow/testing/given-api'
import { script } from '@taskflow/testing/raw-sql'
import {
  claimOne,
  settle,
  startTask,
  startWorker,
  submitTask,
  taskInState,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'

const NOWHERE = '01900000-0000-7000-8000-00000000dead'
const TYPE = 'report.build'

const processes = useProcesses()
const api = useApi({
  listens: true,
  workerHealth: () => ({ state: 'active', sinceFetchMs: 120, blockedMs: 0, startingMs: 0, loadingModule: undefined }),
})

/** Reads what the server has. */
let client: TaskFlow
let folder: string

beforeEach(async () => {
  await emptyDatabase(api.db)
  await moveTime(api.db, 0)
  client = new TaskFlow({ url: api.url, token: ADMIN_TOKEN })
  folder = processes.tempFolder()
})

interface Given {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
}

const launch = (args: readonly string[], { env, ...given }: Given = {}) =>
  processes.taskflow(args, {
    ...given,
    cwd: folder,
    env: { TASKFLOW_URL: api.url, TASKFLOW_TOKEN: ADMIN_TOKEN, FORCE_COLOR: undefined, ...env },
  })

async function taskflow(args: readonly string[], given: Given = {}) {
  const command = launch(args, given)
  const { code } = await command.ended
  return { stdout: command.stdout, stderr: command.stderr, code }
}

/** The cells of a table. */
const cellsOf = (stdout: string): string[][] => stdout.split('\n').map((line) => line.split(/\s{2,}/))

describe('tasks submit', () => {
  test('sends every option under its name in the API', async () => {
    const options = ['--queue', 'q', '--priority', 'high', '--delay', '10s', '--max-attempts', '3']
    const words = ['--label', 'a=1', '--label', 'b=x=y', '--title', 'T', '--idempotency-key', 'k']
    const args = ['tasks', 'submit', TYPE, '--payload', '{"customer":"acme"}', ...options, ...words]
    const { stdout } = await taskflow(args)
    const [{ id } = { id: '' }] = (await client.tasks.list()).items
    const { createdAt, runAt, ...task } = await client.tasks.get(id)
    expect(task).toMatchObject({
      type: TYPE,
      payload: { customer: 'acme' },
      queue: 'q',
      priority: 'high',
      maxAttempts: 3,
      labels: { a: '1', b: 'x=y' },
      title: 'T',
    })
    expect(Date.parse(runAt!) - Date.parse(createdAt)).toBe(10_000)
    // The same key gives the same task.
    expect(stdout).toContain(id)
    expect((await taskflow(args)).stdout).toContain(id)
    expect((await client.tasks.list()).items).toHaveLength(1)
  })

  test('prints the id, and what to do next', async () => {
    const { stdout, stderr, code } = await taskflow(['tasks', 'submit', TYPE])
    const [{ id } = { id: '' }] = (await client.tasks.list()).items
    expect(stdout).toBe(`Submitted report.build as ${id} (queued)\n`)
    expect(stderr).toBe(`Wait for the task: taskflow tasks wait ${id}\n`)
    expect(code).toBe(0)
  })

  test('reads the payload from a file or from stdin', async () => {
    writeFileSync(join(folder, 'payload.json'), '[1]')
    await taskflow(['tasks', 'submit', 'a', '--payload', '@payload.json'])
    await taskflow(['tasks', 'submit', 'a', '--payload', '-'], { stdin: '[2]' })
    const { items } = await client.tasks.list({ include: ['payload'] })
    expect(items.map(({ payload }) => payload)).toEqual([[2], [1]])
  })

  test('refuses a payload that is not JSON, and explains how to quote it', async () => {
    const { stderr, code } = await taskflow(['tasks', 'submit', 'a', '--payload', 'customer'])
    expect(stderr).toContain(`Most shells need quotes: --payload '{"customer":"acme"}'`)
    expect(code).toBe(2)
    expect((await client.tasks.list()).items).toEqual([])
  })

  test('submits each line of a file, and reports the refused lines', async () => {
    writeFileSync(join(folder, 'tasks.ndjson'), '{"type":"a"}\n\n{"type":""}\n{"type":"b"}\n')
    const { stdout, stderr, code } = await taskflow(['tasks', 'submit', '--file', 'tasks.ndjson'])
    expect(stdout).toBe('Submitted 2 tasks; 1 refused\n')
    expect(stderr).toMatch(/^Line 3: .*type.*\n$/)
    expect(code).toBe(2)
  })

  test('names a line that is not JSON, and a file that does not exist', async () => {
    const broken = await taskflow(['tasks', 'submit', '--file', '-'], { stdin: '{"type":"a"}\n{' })
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('Line 2 of stdin is not JSON') })
    const missing = await taskflow(['tasks', 'submit', '--file', 'nowhere.ndjson'])
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('Cannot read nowhere.ndjson: ENOENT') })
  })

  test('reads files of Windows: with a byte order mark, and names UTF-16', async () => {
    writeFileSync(join(folder, 'marked.ndjson'), '\ufeff{"type":"a"}\r\n{"type":"b"}\r\n')
    writeFileSync(join(folder, 'marked.json'), '\ufeff[1]')
    writeFileSync(join(folder, 'wide.json'), '\ufeff[1]', 'utf16le')
    expect(await taskflow(['tasks', 'submit', '--file', 'marked.ndjson'])).toMatchObject({ code: 0 })
    expect(await taskflow(['tasks', 'submit', 'a', '--payload', '@marked.json'])).toMatchObject({ code: 0 })
    for (const args of [
      ['--file', 'wide.json'],
      ['a', '--payload', '@wide.json'],
    ])
      expect(await taskflow(['tasks', 'submit', ...args])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Expected wide.json to be in UTF-8, got UTF-16'),
      })
  })

  test('needs either a type or a file', async () => {
    expect(await taskflow(['tasks', 'submit'])).toMatchObject({ code: 2 })
    expect(await taskflow(['tasks', 'submit', 'a', '--file', '-'])).toMatchObject({ code: 2 })
  })

  test('refuses the options of one task beside a file', async () => {
    const { stderr, code } = await taskflow(['tasks', 'submit', '--file', '-', '--queue', 'q'])
    expect(stderr).toContain('only --idempotency-key is allowed')
    expect(code).toBe(2)
  })

  test('with --wait ends as the task does', async () => {
    const worker = await startWorker(api.storage, { types: ['a'] })
    const command = launch(['tasks', 'submit', 'a', '--wait', '--json'])
    const [lease] = await eventually(async () => {
      const leases = await api.storage.claimTasks(claimBy(worker))
      return leases.length > 0 && leases
    })
    await settle(api.storage, lease!, VERDICTS.fail)
    expect((await command.ended).code).toBe(1)
    expect(JSON.parse(command.stdout)).toMatchObject({ id: lease!.taskId, state: 'failed' })
  })
})

describe('tasks wait', () => {
  test('exits with 0 for a task that succeeded, and shows its result', async () => {
    const { task } = await taskInState(api, 'succeeded', { type: TYPE })
    const { stdout, code } = await taskflow(['tasks', 'wait', task.id])
    expect(stdout).toContain('report.build is succeeded')
    expect(stdout).toContain('"done": true')
    expect(code).toBe(0)
  })

  test('exits with 1 for a task that was cancelled', async () => {
    const { task } = await taskInState(api, 'cancelled')
    expect(await taskflow(['tasks', 'wait', task.id])).toMatchObject({ code: 1 })
  })

  test('exits with 7 when the time is up', async () => {
    const { task } = await startTask(api.storage)
    const { stderr, code } = await taskflow(['tasks', 'wait', task.id, '--timeout', '50ms'])
    expect(stderr).toContain(`Task ${task.id} is still running after 50 ms.`)
    expect(code).toBe(7)
  })
})

describe('tasks list', () => {
  test('explains what to do when there is nothing', async () => {
    expect((await taskflow(['tasks', 'list'])).stdout).toContain('No tasks yet. Submit one: taskflow tasks submit')
    expect((await taskflow(['tasks', 'list', '--queue', 'q'])).stdout).toContain('No task matches.')
  })

  test('is a table without colours where it is piped', async () => {
    await moveTime(api.db, -9_000_000)
    const { task, worker, lease } = await startTask(api.storage, { type: TYPE })
    await moveTime(api.db, 0)
    await settle(api.storage, lease, { ...VERDICTS.retry, delayMs: 0 })
    await api.storage.promoteTasks(1)
    await claimOne(api.storage, worker)
    expect(cellsOf((await taskflow(['tasks', 'list'])).stdout)).toEqual([
      ['ID', 'STATE', 'TYPE', 'ATTEMPT', 'CREATED', 'QUEUE'],
      [task.id, 'running', 'report.build', '2/5', '2h ago', 'default'],
      [''],
    ])
  })

  test('as JSON is one array of what the API replied', async () => {
    for (let count = 0; count < 2; count++) await submitTask(api.storage)
    const { stdout } = await taskflow(['tasks', 'list', '--json'])
    const { items } = await client.tasks.list()
    expect(items).toHaveLength(2)
    expect(JSON.parse(stdout)).toEqual(items)
  })

  test('stops at the limit and says that there is more', async () => {
    for (let count = 0; count < 3; count++) await submitTask(api.storage)
    const { stdout, stderr } = await taskflow(['tasks', 'list', '--limit', '2'])
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stderr).toContain('There are more')
  })

  test('with --all and --json is one object a line, over all pages', async () => {
    await api.storage.submitTasks(submissionOf(...Array.from({ length: 201 }, () => newTask())))
    const { stdout } = await taskflow(['tasks', 'list', '--all', '--json'])
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
    expect(new Set(ids).size).toBe(201)
  })

  test('sends its filters', async () => {
    const wanted = { type: 't', labels: { a: 'b' }, title: 'x marks the spot' }
    const { task: failed } = await taskInState(api, 'failed', wanted)
    const { task: cancelled } = await taskInState(api, 'cancelled', wanted)
    await taskInState(api, 'queued', wanted)
    for (const other of [{ type: 'other' }, { labels: { a: 'c' } }, { title: 'nothing' }])
      await taskInState(api, 'cancelled', { ...wanted, ...other })
    const filters = ['--state', 'failed', 'cancelled', '--type', 't', '--label', 'a=b', '--search', 'x marks']
    const { stdout } = await taskflow(['tasks', 'list', ...filters, '--json'])
    expect(JSON.parse(stdout).map(({ id }: { id: string }) => id)).toEqual([cancelled.id, failed.id])
  })
})

describe('one task', () => {
  test('get as JSON is exactly what the API replied', async () => {
    const { id } = await submitTask(api.storage, { payload: '{"deep":[1,null]}' })
    expect(JSON.parse((await taskflow(['tasks', 'get', id, '--json'])).stdout)).toEqual(await client.tasks.get(id))
  })

  test('cancel, redrive and edit do what they say', async () => {
    const { id } = await submitTask(api.storage, { delayMs: 3_600_000 })
    expect((await taskflow(['tasks', 'edit', id, '--priority', 'low', '--now'])).code).toBe(0)
    expect(await client.tasks.get(id)).toMatchObject({ state: 'queued', priority: 'low' })
    expect((await taskflow(['tasks', 'cancel', id, '--reason', 'no need'])).stdout).toBe(`Cancelled ${id}\n`)
    const details = (await client.tasks.events(id)).items.map(({ detail }) => detail)
    expect(details).toContainEqual(expect.objectContaining({ reason: 'no need' }))
    expect((await taskflow(['tasks', 'redrive', id, '--payload', '7'])).stdout).toBe(`Redriven ${id}; it is queued\n`)
    expect(await client.tasks.get(id)).toMatchObject({ state: 'queued', payload: 7 })
  })

  test('attempts and events are tables', async () => {
    const { task } = await taskInState(api, 'failed')
    expect((await taskflow(['tasks', 'attempts', task.id])).stdout).toMatch(/^#\s+OUTCOME[\s\S]*1\s+failed/)
    expect((await taskflow(['tasks', 'events', task.id])).stdout).toMatch(/^AT\s+EVENT[\s\S]*task\.created/)
  })
})

describe('tasks logs', () => {
  test('prints time, attempt, level, message and fields', async () => {
    const { id } = await submitTask(api.storage)
    const at = new Date('2026-01-02T03:04:05.678Z')
    await api.storage.appendLogs([newLogLine(id, { at, message: 'rows loaded', fields: '{"rows":12}' })])
    expect((await taskflow(['tasks', 'logs', id])).stdout).toBe('03:04:05.678 #1 info  rows loaded rows=12\n')
  })

  test('with --follow goes on until the task has finished', async () => {
    const { task, lease } = await startTask(api.storage)
    await api.storage.appendLogs([newLogLine(task.id, { message: 'one' })])
    const command = launch(['tasks', 'logs', task.id, '--follow'])
    await command.waitForOutput(/one/)
    await api.storage.appendLogs([newLogLine(task.id, { message: 'two' })])
    await settle(api.storage, lease, VERDICTS.complete)
    expect((await command.ended).code).toBe(0)
    expect(command.stdout.match(/one|two/g)).toEqual(['one', 'two'])
  })
})

describe('one worker', () => {
  // Else one that beats no more would be silent before a slow machine has looked at it.
  beforeEach(() => stopTime(api.db))

  test('get shows what it takes and what it runs', async () => {
    const worker = await startWorker(api.storage, { name: 'press-1', labels: { zone: 'eu' }, types: [TYPE] })
    const { id: taskId } = await submitTask(api.storage, { type: TYPE })
    await claimOne(api.storage, worker)
    await api.storage.cordonWorker(PROJECT, worker.id)
    const { stdout } = await taskflow(['workers', 'get', worker.id])
    expect(stdout).toMatch(/^press-1 is cordoned\n/)
    expect(stdout).toMatch(/running +1 of 10\n[\s\S]*labels +zone=eu\n/)
    expect(stdout).toContain(taskId)
    // It may take nothing, so it is not late.
    expect(stdout).not.toContain('fetched')
    const { stdout: json } = await taskflow(['workers', 'get', worker.id, '--json'])
    expect(JSON.parse(json)).toEqual(await client.workers.get(worker.id))
  })

  test('get shows when an active worker last fetched tasks', async () => {
    const { id } = await startWorker(api.storage)
    await api.storage.heartbeatWorker(id, pulse({ sinceFetchMs: 1_900 }))
    expect((await taskflow(['workers', 'get', id])).stdout).toMatch(/fetched +1s before the heartbeat\n/)
  })

  test('is cordoned, uncordoned and drained, and the command says what it runs', async () => {
    const { id } = await startWorker(api.storage, { name: 'press-1' })
    expect((await taskflow(['workers', 'cordon', id])).stdout).toBe(`Cordoned ${id} (press-1); it runs 0 tasks\n`)
    expect((await taskflow(['workers', 'uncordon', id])).stdout).toBe(`Uncordoned ${id} (press-1); it is active\n`)
    expect((await taskflow(['workers', 'drain', id])).stdout).toBe(`Draining ${id} (press-1); it runs 0 tasks\n`)
    expect(await client.workers.get(id)).toMatchObject({ state: 'draining' })
  })

  test('may be named, where one living worker has the name', async () => {
    const lost = await startWorker(api.storage, { name: 'press-1' })
    await script(api.db, `update worker set state = 'lost' where id = '${lost.id}'`)
    const { id } = await startWorker(api.storage, { name: 'press-1' })
    await startWorker(api.storage, { name: 'press-2' })
    expect((await taskflow(['workers', 'cordon', 'press-1'])).stdout).toContain(`Cordoned ${id}`)
    const twin = await startWorker(api.storage, { name: 'press-1' })
    expect(await taskflow(['workers', 'drain', 'press-1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`2 workers have the name press-1. Give the id of one: ${twin.id}, ${id}.`),
    })
    expect(await taskflow(['workers', 'get', 'press-3'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No live worker has the name press-3.\nList the workers with'),
    })
    expect(await taskflow(['workers', 'get', newWorkerId()])).toMatchObject({ code: 3 })
  })

  test('that has stopped cannot be steered', async () => {
    const { id } = await startWorker(api.storage)
    await api.storage.deregisterWorker(id)
    expect(await taskflow(['workers', 'cordon', id])).toMatchObject({ code: 5 })
  })

  test('is listed with its state, labels and types', async () => {
    await moveTime(api.db, -60_000)
    const { id } = await startWorker(api.storage, { name: 'press-1', labels: { zone: 'eu' }, types: [TYPE] })
    await moveTime(api.db, 0)
    const [titles, row] = cellsOf((await taskflow(['workers', 'list'])).stdout)
    expect(titles).toEqual([
      'ID',
      'STATE',
      'RUNNING',
      'HEARTBEAT',
      'NAME',
      'QUEUES',
      'LABELS',
      'VERSION',
      'LAG',
      'TYPES',
    ])
    expect(row).toEqual(expect.arrayContaining([id, 'silent', 'press-1', 'zone=eu', TYPE]))
  })
})

describe('queues, workers, keys and health', () => {
  test('are shown, with what to do where there is none', async () => {
    expect((await taskflow(['workers', 'list'])).stdout).toContain('No workers. Start one: taskflow start')
    expect((await taskflow(['queues', 'list'])).stdout).toContain('No queues yet.')
    expect((await taskflow(['keys', 'list'])).stdout).toContain('Create one: taskflow keys create')
    expect((await taskflow(['health'])).stdout).toMatch(/status\s+ok[\s\S]*worker\s+active\n\s+fetched\s+120ms ago/)
  })

  test('a queue is shown with its depth, its oldest task and what was settled within the last minute', async () => {
    // At the beginning of a minute.
    await stopTime(api.db)
    const worker = await startWorker(api.storage)
    await submitTask(api.storage)
    await claimOne(api.storage, worker)
    for (let count = 0; count < 3; count++) await submitTask(api.storage)
    const settled = { queue: 'default', succeeded: 60, failed: 1, cancelled: 0 }
    await api.storage.heartbeatWorker(worker.id, pulse({ running: 1, settled: [settled] }))
    await stopTime(api.db, 64_200)
    await api.storage.countQueues()
    expect((await taskflow(['queues', 'list'])).stdout).toMatch(/default\s+3\s+1\s+0\s+1m\s+60\s+1/)
  })

  test('a new key’s secret is alone on stdout', async () => {
    const { stdout, code } = await taskflow(['keys', 'create', 'ci', '--role', 'operator', '--expires', '90d'])
    expect({ stdout, code }).toEqual({ stdout: expect.stringMatching(/^tf_\S+\n$/), code: 0 })
    expect(await new TaskFlow({ url: api.url, token: stdout.trim() }).me()).toMatchObject({ role: 'operator' })
    const [key] = (await client.apiKeys.list()).items
    expect(key).toMatchObject({ name: 'ci', role: 'operator' })
    expect((await taskflow(['keys', 'revoke', key!.id])).stdout).toBe(`Revoked ${key!.id} (ci)\n`)
  })
})

describe('failures', () => {
  const cases = [
    { code: 2, when: 'an option is unknown', args: ['tasks', 'list', '--limt', '3'], says: '(Did you mean --limit?)' },
    {
      code: 2,
      when: 'a value is invalid',
      args: ['tasks', 'submit', 'a', '--delay', 'soon'],
      says: 'Expected a duration',
    },
    { code: 2, when: 'a noun has no verb', args: ['tasks'], says: 'Usage: taskflow tasks' },
    { code: 2, when: 'the address is none', args: ['health', '--url', 'here'], says: 'got "here"' },
    { code: 3, when: 'there is no such task', args: ['tasks', 'get', NOWHERE], says: NOWHERE },
    { code: 4, when: 'the token is wrong', args: ['tasks', 'list', '--token', 'wrong'], says: 'TASKFLOW_TOKEN' },
    { code: 6, when: 'no server runs there', args: ['health', '--url', 'http://127.0.0.1:1'], says: 'taskflow start' },
  ]
  for (const { code, when, args, says } of cases) {
    test(`exits with ${code} when ${when}`, async () => {
      const ended = await taskflow(args)
      expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(says) })
    })
  }

  test('exits with 5 when the state does not allow it', async () => {
    const { id } = await submitTask(api.storage)
    expect(await taskflow(['tasks', 'redrive', id])).toMatchObject({ code: 5 })
  })

  test('exits with 6 when the server is unavailable', async () => {
    const broken = createServer((_request, response) => response.writeHead(503, { 'retry-after': '0' }).end())
    await once(broken.listen(0, '127.0.0.1'), 'listening')
    const { port } = broken.address() as AddressInfo
    expect(await taskflow(['queues', 'list', '--url', `http://127.0.0.1:${port}`])).toMatchObject({ code: 6 })
    broken.close()
    broken.closeAllConnections()
  })

  test('lists each field that the server refused', async () => {
    const { stderr, code } = await taskflow(['tasks', 'submit', 'a', '--queue', '!'])
    expect(stderr).toMatch(/^\S.*\.\n {2}\/queue {2}\S.*\n/)
    expect(code).toBe(2)
  })

  test('is a problem object with --json', async () => {
    const { stderr } = await taskflow(['tasks', 'get', NOWHERE, '--json'])
    const hint = expect.stringMatching(/./)
    expect(JSON.parse(stderr)).toMatchObject({ code: 'TASK_NOT_FOUND', status: 404, hint })
  })
})

describe('credentials', () => {
  const admin = async (url: string) => {
    writeFileSync(join(folder, 'admin.key'), `${ADMIN_TOKEN}\n`)
    return taskflow(['tasks', 'list', '--url', url], { env: { TASKFLOW_TOKEN: '', TASKFLOW_DATA_DIR: folder } })
  }

  test('are the administrator’s key of a local server, where none is given', async () => {
    expect(await admin(api.url)).toMatchObject({ code: 0 })
  })

  test('of a local server are sent to no other host', async () => {
    const received = once(api.app.server, 'request') as Promise<[IncomingMessage]>
    // This machine too, by a name that the command does not take for it.
    expect(await admin(api.url.replace('127.0.0.1', '0.0.0.0'))).toMatchObject({ code: 4 })
    const [{ headers }] = await received
    expect(headers.authorization).toBeUndefined()
  })
})

describe('launcher', () => {
  // Without type stripping the launcher behaves as under an old Node.js: it starts the bundled one.
  const old = { nodeFlags: ['--no-strip-types'] }

  test('prints the version', async () => {
    expect((await taskflow(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  test('runs the bundled Node.js, with its output and exit code', async () => {
    expect(await taskflow(['tasks', 'get', NOWHERE], old)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(NOWHERE),
    })
    expect((await taskflow(['tasks', 'submit', 'a', '--payload', '-'], { ...old, stdin: '[2]' })).code).toBe(0)
  })

  /** Resolves once it waits for a task that does not end. */
  async function waiting() {
    const { id } = await submitTask(api.storage)
    const received = once(api.app.server, 'request')
    const command = launch(['tasks', 'wait', id], old)
    await received
    return command
  }

  test('passes a signal on', async () => {
    const command = await waiting()
    expect(await command.kill('SIGTERM')).toEqual({ code: 143, signal: null })
  })

  test('takes the process along when it is killed outright', async () => {
    const command = await waiting()
    // The pipes are shared: they close only once the process below has ended too.
    expect(await command.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  })
})
