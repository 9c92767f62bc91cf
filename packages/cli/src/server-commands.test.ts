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

/** Resolves with the address that a started server prints. */
async function addressOf(server: ChildProcess): Promise<string> {
  let printed = ''
  for await (const chunk of server.stdout!) {
    printed += chunk
    const [, url] = /API\s+(http:\S+)/.exec(printed) ?? []
    if (url) return url
  }
  throw new Error(`The server did not start: ${printed}`)
}

// Real processes, each of which opens a database: slow where much else runs.
describe('start', { timeout: 120_000 }, () => {
  test('serves the command line beside it, which finds the key by itself, and stops in good order', async () => {
    // Handed over, as under an old Node.js: the signal must reach the server through the launcher.
    running = launch(['start', '--port', '0', '--log-level', 'silent'], ['--no-strip-types'])
    const url = await addressOf(running)
    expect(await taskflow('tasks', 'submit', 'hello', '--url', url)).toMatchObject({ code: 0 })
    expect((await taskflow('tasks', 'list', '--url', url)).stdout).toMatch(/queued\s+hello\s+0\/5/)
    running.kill('SIGTERM')
    expect(await once(running, 'exit')).toEqual([0, null])
  })

  test('names every setting in its help', async () => {
    const { stdout } = await taskflow('start', '--help')
    expect(stdout).toContain('--database-url <value>')
    expect(stdout).toContain('[TASKFLOW_DATABASE_URL]')
  })

  test('is stopped by a wrong setting, with a sentence that names it', async () => {
    const { stderr, code } = await taskflow('start', '--port', 'http')
    expect(stderr).toContain('--port must be integer, got "http"')
    expect(code).toBe(2)
  })
})

describe('migrate', { timeout: 120_000 }, () => {
  test('tells what is missing, with an exit code that a deployment can ask', async () => {
    const { stdout, code } = await taskflow('migrate', 'status')
    expect(stdout).toContain('not yet')
    expect(code).toBe(5)
  })

  test('applies what is missing, and steps down', async () => {
    expect((await taskflow('migrate', 'up')).stdout).toMatch(/^Migrated up: /)
    expect(await taskflow('migrate', 'status')).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining('not yet'),
    })
    expect((await taskflow('migrate', 'down', '--to', '0')).stdout).toMatch(/^Migrated down: /)
  })

  test('loses no data for want of a word', async () => {
    expect(await taskflow('migrate', 'down')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--to <version>'),
    })
  })
})
