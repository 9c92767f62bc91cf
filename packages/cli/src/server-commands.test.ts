import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { eventually, freePort, useProcesses, within } from '@taskflow/testing'
import { beforeEach, describe, expect, test } from 'vitest'

const processes = useProcesses()
let folder: string

beforeEach(() => {
  folder = processes.tempFolder()
  mkdirSync(join(folder, 'tasks'))
})

async function taskflow(...args: string[]) {
  const command = processes.taskflow(args, { cwd: folder })
  const { code } = await command.ended
  return { stdout: command.stdout, stderr: command.stderr, code }
}

// Real processes that each open a database, which is slow on a busy machine.
describe('start', { timeout: 120_000 }, () => {
  test('serves the command line beside it, which finds the key by itself, and stops in good order', async () => {
    // Handed over, as under an old Node.js: the signal must reach the server through the launcher.
    const server = processes.taskflow(['start', '--port', '0', '--log-level', 'silent'], {
      cwd: folder,
      nodeFlags: ['--no-strip-types'],
    })
    const [, url = ''] = await server.waitForOutput(/API\s+(http:\S+)/, { timeoutMs: 60_000 })
    expect(await taskflow('tasks', 'submit', 'hello', '--url', url)).toMatchObject({ code: 0 })
    expect((await taskflow('tasks', 'list', '--url', url)).stdout).toMatch(/queued\s+hello\s+0\/5/)
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  test('takes requests for the time of its stop delay, although it is not ready', async () => {
    const server = processes.taskflow(['start', '--port', '0', '--stop-delay-ms', '600000'], { cwd: folder })
    const [, url = ''] = await server.waitForOutput(/API\s+(http:\S+)/, { timeoutMs: 60_000 })
    void server.kill('SIGTERM')
    await server.waitForOutput(/Stopping/)
    await eventually(async () => (await fetch(`${url}/ready`)).status === 503)
    expect(await taskflow('tasks', 'submit', 'hello', '--url', url)).toMatchObject({ code: 0 })
    expect(await server.kill('SIGTERM')).toEqual({ code: 130, signal: null })
  })

  test('ends within two seconds when it is stopped while its database is awaited', async () => {
    const port = await freePort()
    const server = processes.taskflow(['start', '--port', '0', '--database-url', `postgres://127.0.0.1:${port}/none`], {
      cwd: folder,
    })
    await server.waitForOutput(/Waiting for PostgreSQL/, { timeoutMs: 60_000 })
    expect(await within(2_000, server.kill('SIGTERM'), 'the end')).toEqual({ code: 0, signal: null })
    expect(server.stderr).toContain('Stopped by SIGTERM before the start was complete')
  })

  test('lists every setting in its help', async () => {
    const { stdout } = await taskflow('start', '--help')
    expect(stdout).toContain('--database-url <value>')
    expect(stdout).toContain('[TASKFLOW_DATABASE_URL]')
  })

  test('refuses a wrong setting and names it', async () => {
    const { stderr, code } = await taskflow('start', '--port', 'http')
    expect(stderr).toContain('--port must be integer, got "http"')
    expect(code).toBe(2)
  })
})

const SDK = pathToFileURL(join(import.meta.dirname, '../../sdk/src/index.ts')).href

const taskThatReads = (type: string, options = '') => `
  export const ${type} = defineTask({
    type: '${type}',
    ${options}
    run: async () => Object.keys(process.env).filter((name) => name.startsWith('TASKFLOW_')).sort(),
  })`

describe('a handler', { timeout: 120_000 }, () => {
  test('does not see the secret settings in its environment, whatever its isolation', async () => {
    writeFileSync(
      join(folder, 'tasks/read.ts'),
      `import { defineTask } from '${SDK}'
       ${taskThatReads('inShared')}
       ${taskThatReads('inThread', "isolation: 'thread',")}
       ${taskThatReads('inProcess', "isolation: 'process',")}`,
    )
    const server = processes.taskflow(['start', '--port', '0', '--log-level', 'silent'], {
      cwd: folder,
      env: {
        TASKFLOW_ADMIN_TOKEN: 'hunter2',
        TASKFLOW_REDIS_URL: 'redis://me:hunter2@127.0.0.1:1',
        TASKFLOW_TOKEN: 'of-the-handler',
      },
    })
    const [, url = ''] = await server.waitForOutput(/API\s+(http:\S+)/, { timeoutMs: 60_000 })
    for (const type of ['inShared', 'inThread', 'inProcess']) {
      const args = ['tasks', 'submit', type, '--wait', '--json', '--url', url, '--token', 'hunter2']
      expect(JSON.parse((await taskflow(...args)).stdout).result, type).toEqual(['TASKFLOW_TOKEN'])
    }
    await server.kill('SIGTERM')
  })
})

describe('migrate', { timeout: 120_000 }, () => {
  test('reports what is missing, with an exit code that a deployment can read', async () => {
    const { stdout, code } = await taskflow('migrate', 'status')
    expect(stdout).toContain('not yet')
    expect(code).toBe(5)
  })

  test('applies missing migrations, and goes back', async () => {
    expect((await taskflow('migrate', 'up')).stdout).toMatch(/^Migrated up: /)
    expect(await taskflow('migrate', 'status')).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining('not yet'),
    })
    expect((await taskflow('migrate', 'down', '--to', '0')).stdout).toMatch(/^Migrated down: /)
  })

  test('refuses to go back without a version', async () => {
    expect(await taskflow('migrate', 'down')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--to <version>'),
    })
  })
})
