import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type RunningProcess, useProcesses, within } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { EXAMPLE_TASKS } from './server.ts'

const processes = useProcesses()
const shell = promisify(execFile)

/** In a folder of its own and with no setting but the port: as a newcomer starts it. */
function start(folder: string): RunningProcess {
  return processes.taskflow(['start', '--tasks', EXAMPLE_TASKS], { cwd: folder, env: { TASKFLOW_PORT: '0' } })
}

/** Reads the message that a start prints for the person at the terminal. */
async function welcomeOf(server: RunningProcess, folder: string) {
  const [welcome] = await server.waitForOutput(/TaskFlow .* is ready[\s\S]*tasks list.*\n/, { timeoutMs: 60_000 })
  const [, url] = /API +(http:\S+)/.exec(welcome) ?? []
  const key = readFileSync(join(folder, '.taskflow/admin.key'), 'utf8').trim()
  const [curl] = /curl .*\\\n.*/.exec(welcome) ?? []

  /** Runs the very command that was printed, and resolves with the id of the task it submitted. */
  async function submitAsShown(): Promise<string> {
    const { stdout } = await shell('sh', ['-c', curl!], { cwd: folder })
    return JSON.parse(stdout).id
  }
  return { welcome, url: url!, key, submitAsShown }
}

async function taskOf({ url, key }: { url: string; key: string }, id: string) {
  const reply = await fetch(`${url}/v1/tasks/${id}?waitMs=5000`, { headers: { authorization: `Bearer ${key}` } })
  return { status: reply.status, task: await reply.json() }
}

test('what a start in an empty folder prints is enough to sign in and to run a task', async () => {
  const folder = processes.tempFolder()
  const server = start(folder)
  const welcome = await welcomeOf(server, folder)
  expect(welcome.welcome).toContain(`with the administrator's key in .taskflow/admin.key`)
  // The output is a pipe here. Only a terminal shows the key itself.
  expect(welcome.welcome).not.toContain(welcome.key)
  const id = await welcome.submitAsShown()
  expect(await taskOf(welcome, id)).toMatchObject({
    status: 200,
    task: { state: 'succeeded', result: { greeting: 'Hello, World' }, attempt: 1 },
  })
  await server.kill('SIGTERM')
})

test('without credentials, or with wrong ones, nobody gets in', async () => {
  const folder = processes.tempFolder()
  const server = start(folder)
  const { url } = await welcomeOf(server, folder)
  const statuses = ['', 'Bearer wrong', 'Basic YTpi'].map(async (authorization) => {
    const { status } = await fetch(`${url}/v1/tasks`, { headers: { authorization } })
    return status
  })
  expect(await Promise.all(statuses)).toEqual([401, 401, 401])
  await server.kill('SIGTERM')
})

test('a second start in the same folder is refused while the first runs', async () => {
  const folder = processes.tempFolder()
  const first = start(folder)
  await welcomeOf(first, folder)
  const second = start(folder)
  expect((await within(30_000, second.ended, 'the second start to be refused')).code).not.toBe(0)
  expect(second.output).toMatch(
    new RegExp(`Another TaskFlow has the data folder .* open \\(process ${first.pid} on host`),
  )
  expect(second.output).toContain('.taskflow')
  expect(second.output).not.toMatch(/^ +at /m)
  await first.kill('SIGTERM')
})

test('a stop ends with exit code 0, and the next start in the folder finds everything', async () => {
  const folder = processes.tempFolder()
  const first = start(folder)
  const before = await welcomeOf(first, folder)
  const id = await before.submitAsShown()
  const { task } = await taskOf(before, id)
  expect(await within(15_000, first.kill('SIGTERM'), 'the server to stop')).toEqual({ code: 0, signal: null })

  const second = start(folder)
  const after = await welcomeOf(second, folder)
  expect(after.key).toBe(before.key)
  expect(after.welcome, 'a secret is printed once').not.toContain(after.key)
  expect(await taskOf(after, id)).toEqual({ status: 200, task })
  expect((await taskOf(after, await after.submitAsShown())).task).toMatchObject({ state: 'succeeded' })
  await second.kill('SIGTERM')
})
