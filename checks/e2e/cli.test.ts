import type { ApiKey, LogLine, Queue, Task, Worker } from '@taskflow/sdk'
import { eventually, freePort, useProcesses, within } from '@taskflow/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { EXAMPLE_TASKS, type Server, startServer } from './server.ts'

const COMMAND_MS = 40_000
const NOBODY = '01900000-0000-7000-8000-00000000dead'

describe('the command line', { timeout: 120_000 }, () => {
  const processes = useProcesses()
  let server: Server

  beforeAll(async () => {
    const env = { TASKFLOW_DATA_DIR: processes.tempFolder() }
    server = await startServer(processes, { env, tasks: EXAMPLE_TASKS })
  }, 90_000)

  async function taskflow(args: readonly string[], env: Readonly<Record<string, string>> = server.env) {
    const command = processes.taskflow(args, { env, cwd: processes.tempFolder() })
    const { code } = await within(COMMAND_MS, command.ended, `taskflow ${args.join(' ')}`)
    return { code, stdout: command.stdout, output: command.output }
  }

  async function json<Reply>(args: readonly string[]): Promise<Reply> {
    const { code, stdout, output } = await taskflow([...args, '--json'])
    expect(code, output).toBe(0)
    return JSON.parse(stdout)
  }

  test('submits a task, waits for it, and shows it, its list and its log', async () => {
    const submitted = await taskflow(['tasks', 'submit', 'hello', '--payload', '{"name":"Ada"}', '--wait'])
    expect(submitted.output).toContain('Hello, Ada')
    expect(submitted.code).toBe(0)
    const [task] = await json<Task[]>(['tasks', 'list', '--type', 'hello', '--state', 'succeeded'])
    expect(await json<Task>(['tasks', 'get', task!.id])).toMatchObject({ result: { greeting: 'Hello, Ada' } })
    const [line] = await json<LogLine[]>(['tasks', 'logs', task!.id])
    expect(line).toMatchObject({ message: 'Saying hello', attempt: 1 })
  })

  test('cancels a task that is due later', async () => {
    const { id } = await json<Task>(['tasks', 'submit', 'hello', '--payload', '{}', '--delay', '1h'])
    expect(await json<Task>(['tasks', 'cancel', id, '--reason', 'not needed'])).toMatchObject({ state: 'cancelled' })
    expect((await taskflow(['tasks', 'wait', id])).code).toBe(1)
  })

  test('reports a failed task by its exit code, and redrives the task with another payload', async () => {
    const failing = ['tasks', 'submit', 'flaky', '--payload', '{"how":"permanent"}', '--wait', '--json']
    const { code, stdout } = await taskflow(failing)
    expect(code).toBe(1)
    const { id, state } = JSON.parse(stdout) as Task
    expect(state).toBe('failed')
    await json<Task>(['tasks', 'redrive', id, '--payload', '{"failures":0}'])
    expect(await json<Task>(['tasks', 'wait', id])).toMatchObject({ state: 'succeeded' })
  })

  test('lists the workers and the queues', async () => {
    const [worker] = await json<Worker[]>(['workers', 'list'])
    expect(worker).toMatchObject({ pid: server.process.pid, slots: 10 })
    // Queues are counted in the background, so that no request counts.
    await eventually(async () => (await json<Queue[]>(['queues', 'list'])).some(({ name }) => name === 'default'), {
      timeoutMs: 30_000,
      what: 'the queue to be counted',
    })
  })

  test('creates a key that may submit and no more', async () => {
    const { secret } = await json<ApiKey & { secret: string }>(['keys', 'create', 'ci', '--role', 'submitter'])
    const asSubmitter = { ...server.env, TASKFLOW_TOKEN: secret }
    expect((await taskflow(['tasks', 'submit', 'hello', '--payload', '{}', '--wait'], asSubmitter)).code).toBe(0)
    const refused = await taskflow(['keys', 'list'], asSubmitter)
    expect(refused.code).toBe(4)
    expect(refused.output).toMatch(/admin|keys:/)
  })

  test('says by its exit code what went wrong', async () => {
    const codes = [
      taskflow(['tasks', 'submit']),
      taskflow(['tasks', 'get', NOBODY]),
      taskflow(['tasks', 'list'], { ...server.env, TASKFLOW_TOKEN: 'wrong' }),
      taskflow(['tasks', 'list'], { ...server.env, TASKFLOW_URL: `http://127.0.0.1:${await freePort()}` }),
    ]
    expect((await Promise.all(codes)).map(({ code }) => code)).toEqual([2, 3, 4, 6])
  })

  test('finds the key of a server on this machine in its data folder', async () => {
    const dataDir = processes.tempFolder()
    const local = processes.taskflow(['start', '--tasks', EXAMPLE_TASKS], {
      env: { TASKFLOW_DATA_DIR: dataDir, TASKFLOW_PORT: '0' },
    })
    const [, url = ''] = await local.waitForOutput(/API +(http:\S+)/, { timeoutMs: 60_000 })
    const { code } = await taskflow(['tasks', 'list'], { TASKFLOW_URL: url, TASKFLOW_DATA_DIR: dataDir })
    expect(code).toBe(0)
    await local.kill('SIGTERM')
  })
})
