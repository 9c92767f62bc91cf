import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type ContractServer, contractServer } from '@taskflow/testing/contract-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const LAUNCHER = join(import.meta.dirname, '../bin/taskflow.js')
const NOWHERE = '01900000-0000-7000-8000-00000000dead'

let server: ContractServer
let folder: string

beforeEach(async () => {
  server = await contractServer({ token: 'secret' })
  folder = mkdtempSync(join(tmpdir(), 'taskflow-cli-'))
})

afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface Given {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeFlags?: readonly string[]
}

function launch(args: readonly string[], { env, nodeFlags = [] }: Given = {}): ChildProcess {
  return spawn(process.execPath, [...nodeFlags, LAUNCHER, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, TASKFLOW_URL: server.url, TASKFLOW_TOKEN: 'secret', ...env },
  })
}

async function taskflow(args: readonly string[], given: Given = {}) {
  const child = launch(args, given)
  child.stdin?.end(given.stdin ?? '')
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { stdout, stderr, code: child.exitCode }
}

describe('tasks submit', () => {
  test('sends every option under its name in the API', async () => {
    const options = ['--queue', 'q', '--priority', 'high', '--delay', '10s', '--max-attempts', '3']
    const more = ['--label', 'a=1', '--label', 'b=x=y', '--title', 'T', '--idempotency-key', 'k']
    await taskflow(['tasks', 'submit', 'report.build', '--payload', '{"customer":"acme"}', ...options, ...more])
    const [asked] = server.asked
    expect(JSON.parse(asked!.body)).toEqual({
      type: 'report.build',
      payload: { customer: 'acme' },
      queue: 'q',
      priority: 'high',
      delayMs: 10_000,
      maxAttempts: 3,
      labels: { a: '1', b: 'x=y' },
      title: 'T',
    })
    expect(asked!.headers['idempotency-key']).toBe('k')
  })

  test('prints the id and the next step', async () => {
    const { stdout, stderr, code } = await taskflow(['tasks', 'submit', 'report.build'])
    const [id] = server.state.tasks.keys()
    expect(stdout).toBe(`Submitted report.build as ${id} (queued)\n`)
    expect(stderr).toBe(`Wait for the task: taskflow tasks wait ${id}\n`)
    expect(code).toBe(0)
  })

  test('reads the payload from a file or from stdin', async () => {
    writeFileSync(join(folder, 'payload.json'), '[1]')
    await taskflow(['tasks', 'submit', 'a', '--payload', '@payload.json'])
    await taskflow(['tasks', 'submit', 'a', '--payload', '-'], { stdin: '[2]' })
    expect([...server.state.tasks.values()].map(({ payload }) => payload)).toEqual([[1], [2]])
  })

  test('refuses a payload that is not JSON, and says how to quote it', async () => {
    const { stderr, code } = await taskflow(['tasks', 'submit', 'a', '--payload', 'customer'])
    expect(stderr).toContain(`Most shells need quotes: --payload '{"customer":"acme"}'`)
    expect(code).toBe(2)
    expect(server.asked).toEqual([])
  })

  test('submits each line of a file, and reports the refused lines', async () => {
    writeFileSync(join(folder, 'tasks.ndjson'), '{"type":"a"}\n\n{"type":""}\n{"type":"b"}\n')
    const { stdout, stderr, code } = await taskflow(['tasks', 'submit', '--file', 'tasks.ndjson'])
    expect(stdout).toBe('Submitted 2 tasks; 1 refused\n')
    expect(stderr).toBe('Line 3: Expected `type` to be a string\n')
    expect(code).toBe(2)
  })

  test('names a line that is not JSON, and a file that does not exist', async () => {
    const broken = await taskflow(['tasks', 'submit', '--file', '-'], { stdin: '{"type":"a"}\n{' })
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('Line 2 of stdin is not JSON') })
    const missing = await taskflow(['tasks', 'submit', '--file', 'nowhere.ndjson'])
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('Cannot read nowhere.ndjson: ENOENT') })
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

  test('with --wait exits with the outcome of the task', async () => {
    const child = launch(['tasks', 'submit', 'a', '--wait', '--json'])
    const printed = text(child.stdout!)
    const [stored] = (await once(server.state.changes, 'add')) as [{ id: string }]
    server.state.change(stored.id, { state: 'failed' })
    const [code] = await once(child, 'close')
    expect(JSON.parse(await printed)).toMatchObject({ id: stored.id, state: 'failed' })
    expect(code).toBe(1)
  })
})

describe('tasks wait', () => {
  test('exits with 0 for a task that succeeded, and shows its result', async () => {
    const { id } = server.state.add({ state: 'succeeded', result: { rows: 12 } })
    const { stdout, code } = await taskflow(['tasks', 'wait', id])
    expect(stdout).toContain('report.build is succeeded')
    expect(stdout).toContain('"rows": 12')
    expect(code).toBe(0)
  })

  test('exits with 1 for a task that was cancelled', async () => {
    const { id } = server.state.add({ state: 'cancelled' })
    expect(await taskflow(['tasks', 'wait', id])).toMatchObject({ code: 1 })
  })

  test('exits with 7 when the time is up', async () => {
    const { id } = server.state.add({ state: 'running' })
    const { stderr, code } = await taskflow(['tasks', 'wait', id, '--timeout', '50ms'])
    expect(stderr).toContain(`Task ${id} is still running after 50 ms.`)
    expect(code).toBe(7)
  })
})

describe('tasks list', () => {
  test('suggests a command when the list is empty', async () => {
    expect((await taskflow(['tasks', 'list'])).stdout).toContain('No tasks yet. Submit one: taskflow tasks submit')
    expect((await taskflow(['tasks', 'list', '--queue', 'q'])).stdout).toContain('No task matches.')
  })

  test('is a table without colours when it is piped', async () => {
    const { id } = server.state.add({
      state: 'running',
      attempt: 2,
      createdAt: new Date(Date.now() - 9_000_000).toISOString(),
    })
    const { stdout } = await taskflow(['tasks', 'list'])
    expect(stdout.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
      ['ID', 'STATE', 'TYPE', 'TRIES', 'CREATED', 'QUEUE'],
      [id, 'running', 'report.build', '2/5', '2h ago', 'default'],
      [''],
    ])
  })

  test('as JSON is one array of the tasks in the reply', async () => {
    const tasks = [server.state.add(), server.state.add()]
    const { stdout } = await taskflow(['tasks', 'list', '--json'])
    expect(JSON.parse(stdout)).toEqual(tasks.reverse())
  })

  test('stops at the limit and reports that there are more', async () => {
    for (let count = 0; count < 3; count++) server.state.add()
    const { stdout, stderr } = await taskflow(['tasks', 'list', '--limit', '2'])
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stderr).toContain('There are more')
  })

  test('with --all and --json prints one object on each line, over all pages', async () => {
    for (let count = 0; count < 201; count++) server.state.add()
    const { stdout } = await taskflow(['tasks', 'list', '--all', '--json'])
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
    expect(new Set(ids).size).toBe(201)
  })

  test('sends its filters', async () => {
    await taskflow([
      'tasks',
      'list',
      '--state',
      'failed',
      'cancelled',
      '--type',
      't',
      '--label',
      'a=b',
      '--search',
      'x',
    ])
    const { limit, ...filters } = Object.fromEntries(server.asked[0]!.query)
    expect(filters).toEqual({ state: 'failed,cancelled', type: 't', 'label.a': 'b', q: 'x' })
  })
})

describe('one task', () => {
  test('get as JSON is exactly the reply of the API', async () => {
    const task = server.state.add({ payload: { deep: [1, null] } })
    expect(JSON.parse((await taskflow(['tasks', 'get', task.id, '--json'])).stdout)).toEqual(task)
  })

  test('cancel, redrive and edit send their options', async () => {
    const { id } = server.state.add()
    expect((await taskflow(['tasks', 'edit', id, '--priority', 'low', '--now'])).code).toBe(0)
    expect((await taskflow(['tasks', 'cancel', id, '--reason', 'no need'])).stdout).toBe(`Cancelled ${id}\n`)
    expect((await taskflow(['tasks', 'redrive', id, '--payload', '7'])).stdout).toBe(`Redriven ${id}; it is queued\n`)
    expect(server.asked.map(({ body }) => body)).toEqual([
      '{"priority":"low","runAt":null}',
      '{"reason":"no need"}',
      '{"payload":7}',
    ])
  })

  test('attempts and events are tables', async () => {
    const { id } = server.state.add({ attempt: 1 })
    expect((await taskflow(['tasks', 'attempts', id])).stdout).toMatch(/^#\s+OUTCOME[\s\S]*1\s+failed/)
    expect((await taskflow(['tasks', 'events', id])).stdout).toMatch(/^AT\s+EVENT[\s\S]*task\.created/)
  })
})

describe('tasks logs', () => {
  const line = { attempt: 1, at: '2026-01-02T03:04:05.678Z', level: 'info', fields: { rows: 12 } } as const

  test('prints time, attempt, level, message and fields', async () => {
    const { id } = server.state.add()
    server.state.logs.set(id, [{ ...line, message: 'rows loaded', cursor: '1' }])
    expect((await taskflow(['tasks', 'logs', id])).stdout).toBe('03:04:05.678 #1 info  rows loaded rows=12\n')
  })

  test('with --follow continues until the task has finished', async () => {
    const { id } = server.state.add({ state: 'running' })
    server.state.logs.set(id, [{ ...line, message: 'one', cursor: '1' }])
    const child = launch(['tasks', 'logs', id, '--follow'])
    const [first] = await once(child.stdout!, 'data')
    expect(String(first)).toContain('one')
    server.state.logs.get(id)?.push({ ...line, message: 'two', cursor: '2' })
    server.state.change(id, { state: 'succeeded' })
    const [rest] = await Promise.all([text(child.stdout!), once(child, 'close')])
    expect(rest).toContain('two')
    expect(rest).not.toContain('one')
  })
})

describe('one worker', () => {
  test('get shows its settings and the tasks it runs', async () => {
    const running = [{ taskId: NOWHERE, type: 'report.build', startedAt: '2026-01-02T03:04:05.678Z' }]
    const worker = server.state.addWorker({ name: 'press-1', labels: { zone: 'eu' }, state: 'cordoned', running })
    const { stdout } = await taskflow(['workers', 'get', worker.id])
    expect(stdout).toMatch(/^press-1 is cordoned\n/)
    expect(stdout).toMatch(/running +1 of 10\n[\s\S]*labels +zone=eu\n/)
    expect(stdout).toContain(NOWHERE)
    // A cordoned worker fetches no tasks, so there is no time since the last fetch.
    expect(stdout).not.toContain('fetched')
    expect(JSON.parse((await taskflow(['workers', 'get', worker.id, '--json'])).stdout)).toEqual(worker)
  })

  test('get shows the time since the last fetch of an active worker', async () => {
    const { id } = server.state.addWorker({ sinceFetchMs: 1_900 })
    expect((await taskflow(['workers', 'get', id])).stdout).toMatch(/fetched +1s before that\n/)
  })

  test('is cordoned, uncordoned and drained, and the command prints how many tasks it runs', async () => {
    const { id } = server.state.addWorker({ name: 'press-1' })
    expect((await taskflow(['workers', 'cordon', id])).stdout).toBe(`Cordoned ${id} (press-1); it runs 0 tasks\n`)
    expect((await taskflow(['workers', 'uncordon', id])).stdout).toBe(`Uncordoned ${id} (press-1); it is active\n`)
    expect((await taskflow(['workers', 'drain', id])).stdout).toBe(`Draining ${id} (press-1); it runs 0 tasks\n`)
    expect(server.state.workers.get(id)).toMatchObject({ state: 'draining' })
  })

  test('may be given by a name that only one live worker has', async () => {
    server.state.addWorker({ name: 'press-1', state: 'lost' })
    const { id } = server.state.addWorker({ name: 'press-1' })
    server.state.addWorker({ name: 'press-2' })
    expect((await taskflow(['workers', 'cordon', 'press-1'])).stdout).toContain(`Cordoned ${id}`)
    const twin = server.state.addWorker({ name: 'press-1' })
    expect(await taskflow(['workers', 'drain', 'press-1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`2 workers have the name press-1. Give the id of one: ${id}, ${twin.id}.`),
    })
    expect(await taskflow(['workers', 'get', 'press-3'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('No live worker has the name press-3.\nList the workers with'),
    })
  })

  test('that has stopped cannot be cordoned', async () => {
    const { id } = server.state.addWorker({ state: 'stopped' })
    expect(await taskflow(['workers', 'cordon', id])).toMatchObject({ code: 5 })
  })

  test('is listed with its state, labels and types', async () => {
    const { id } = server.state.addWorker({ name: 'press-1', labels: { zone: 'eu' }, state: 'silent' })
    const [titles, row] = (await taskflow(['workers', 'list'])).stdout.split('\n').map((line) => line.split(/\s{2,}/))
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
    expect(row).toEqual(expect.arrayContaining([id, 'silent', 'press-1', 'zone=eu', 'report.build']))
  })
})

describe('queues, workers, keys and health', () => {
  test('are printed, with a suggestion when there are none', async () => {
    expect((await taskflow(['workers', 'list'])).stdout).toContain('No workers. Start one: taskflow start')
    expect((await taskflow(['queues', 'list'])).stdout).toContain('No queues yet.')
    expect((await taskflow(['keys', 'list'])).stdout).toContain('Create one: taskflow keys create')
    server.state.add()
    expect((await taskflow(['queues', 'list'])).stdout).toMatch(/default\s+3\s+1\s+0\s+4s\s+60\s+1/)
    expect((await taskflow(['health'])).stdout).toMatch(/status\s+ok[\s\S]*worker\s+active\n\s+fetched\s+120ms ago/)
  })

  test('create prints only the secret of the new key on stdout', async () => {
    const { stdout, code } = await taskflow(['keys', 'create', 'ci', '--role', 'operator', '--expires', '90d'])
    expect({ stdout, code }).toEqual({ stdout: 'tf_secret\n', code: 0 })
    const [key] = server.state.keys.values()
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
    { code: 2, when: 'the address is invalid', args: ['health', '--url', 'here'], says: 'got "here"' },
    {
      code: 3,
      when: 'there is no such task',
      args: ['tasks', 'get', NOWHERE],
      says: `No task ${NOWHERE} in this project.`,
    },
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
    const { id } = server.state.add()
    expect(await taskflow(['tasks', 'redrive', id])).toMatchObject({ code: 5 })
  })

  test('exits with 6 when the server is unavailable', async () => {
    server.failNext(...Array.from({ length: 3 }, () => ({ status: 503, headers: { 'retry-after': '0' } })))
    expect(await taskflow(['queues', 'list'])).toMatchObject({ code: 6 })
  })

  test('lists each field that the server refused', async () => {
    const errors = [{ in: 'body', pointer: '/queue', message: 'Expected a name' }]
    server.failNext({
      status: 400,
      body: { code: 'REQUEST_MALFORMED', status: 400, detail: 'The body is wrong', errors },
    })
    const { stderr, code } = await taskflow(['tasks', 'submit', 'a', '--queue', '!'])
    expect(stderr).toContain('The body is wrong.\n  /queue  Expected a name\n')
    expect(code).toBe(2)
  })

  test('is a problem object with --json', async () => {
    const { stderr } = await taskflow(['tasks', 'get', NOWHERE, '--json'])
    expect(JSON.parse(stderr)).toMatchObject({ code: 'TASK_NOT_FOUND', status: 404, hint: 'Check the id.' })
  })
})

describe('credentials', () => {
  const admin = async (path: string) => {
    writeFileSync(join(folder, 'admin.key'), 'secret\n')
    return taskflow(['tasks', 'list', '--url', path], { env: { TASKFLOW_TOKEN: '', TASKFLOW_DATA_DIR: folder } })
  }

  test('are the administrator’s key of a local server when none are given', async () => {
    expect(await admin(server.url)).toMatchObject({ code: 0 })
  })

  test('of a local server are sent to no other host', async () => {
    await admin(server.url.replace('127.0.0.1', '127.0.0.2'))
    expect(server.asked.every(({ headers }) => headers.authorization === undefined)).toBe(true)
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
      stderr: expect.stringContaining('No task'),
    })
    expect((await taskflow(['tasks', 'submit', 'a', '--payload', '-'], { ...old, stdin: '[2]' })).code).toBe(0)
  })

  test('forwards a signal', async () => {
    const { id } = server.state.add()
    const asked = once(server.state.changes, 'read')
    const child = launch(['tasks', 'wait', id], old)
    await asked
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
  })

  test('ends its child process when it is killed with SIGKILL', async () => {
    const { id } = server.state.add()
    const asked = once(server.state.changes, 'read')
    const child = launch(['tasks', 'wait', id], old)
    await asked
    const outputEnds = once(child.stdout!, 'close')
    child.stdout!.resume()
    child.kill('SIGKILL')
    // Both processes share the pipe, so it closes only after the child process has ended, too.
    await outputEnds
  })
})
