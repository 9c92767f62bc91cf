import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const LAUNCHER = join(import.meta.dirname, '../bin/taskflow.js')

let folder: string
let running: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskflow-start-'))
  mkdirSync(join(folder, 'tasks'))
})

afterEach(async () => {
  if (running?.exitCode === null) {
    const ended = once(running, 'exit')
    running.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
})

function launch(args: readonly string[], nodeFlags: readonly string[] = []): ChildProcess {
  return spawn(process.execPath, [...nodeFlags, LAUNCHER, ...args], { cwd: folder, env: { PATH: process.env.PATH } })
}

async function taskflow(...args: string[]) {
  const child = launch(args)
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
  return { stdout, stderr, code: child.exitCode }
}

/** Returns the address that a server prints at its start. */
async function addressOf(server: ChildProcess): Promise<string> {
  let printed = ''
  for await (const chunk of server.stdout!) {
    printed += chunk
    const [, url] = /API\s+(http:\S+)/.exec(printed) ?? []
    if (url) return url
  }
  throw new Error(`The server did not start: ${printed}`)
}

// Real processes that each open a database, which is slow on a busy machine.
describe('start', { timeout: 120_000 }, () => {
  test('serves the command line, which finds the key of the local server, and stops on SIGTERM', async () => {
    // As under an old Node.js, the server is a child of the launcher, which must forward the signal.
    running = launch(['start', '--port', '0', '--log-level', 'silent'], ['--no-strip-types'])
    const url = await addressOf(running)
    expect(await taskflow('tasks', 'submit', 'hello', '--url', url)).toMatchObject({ code: 0 })
    expect((await taskflow('tasks', 'list', '--url', url)).stdout).toMatch(/queued\s+hello\s+0\/5/)
    running.kill('SIGTERM')
    expect(await once(running, 'exit')).toEqual([0, null])
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

describe('migrate', { timeout: 120_000 }, () => {
  test('lists missing migrations, and exits with 5', async () => {
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
