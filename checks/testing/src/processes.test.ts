import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { useProcesses } from './processes.ts'
import { within } from './wait.ts'

const processes = useProcesses()

test('reports what a process wrote and how it ended', async () => {
  const child = processes.node(['-e', 'console.log("out"); console.error("err"); process.exitCode = 3'])
  expect(await child.ended).toEqual({ code: 3, signal: null })
  expect(child.stdout).toBe('out\n')
  expect(child.output).toContain('err\n')
})

test('waits for a line, and kills by process id', async () => {
  const child = processes.node(['-e', 'console.log("listening on 4711"); setInterval(() => {}, 1000)'])
  const [, port] = await child.waitForOutput(/listening on (\d+)/)
  expect(port).toBe('4711')
  expect(await child.kill()).toEqual({ code: null, signal: 'SIGKILL' })
})

test('passes each line on as it comes, of both streams', async () => {
  const lines: string[] = []
  const onLine = (line: string): void => void lines.push(line)
  const child = processes.node(['-e', 'console.log("one\\ntwo"); console.error("three")'], { onLine })
  await child.ended
  expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
})

test('stops waiting for a line when the process has ended, and shows its output', async () => {
  const child = processes.node(['-e', 'console.log("finished")'])
  await expect(child.waitForOutput(/never said/)).rejects.toThrow(/Ended before .*finished/s)
})

test('gives its standard input to a process', async () => {
  const child = processes.node(['-e', 'process.stdin.pipe(process.stdout)'], { stdin: 'hello' })
  await child.ended
  expect(child.stdout).toBe('hello')
})

test('reports a process that ends without a signal from the test, with its output, and no other', async () => {
  const fragile = processes.node(['-e', 'console.error("broken"); process.exit(3)'])
  await expect(fragile.failed).rejects.toThrow(/^Ended with 3 without a signal from the test: [\s\S]*broken/)
  const missing = processes.run('/no/such/program', [])
  await expect(missing.failed).rejects.toThrow(/ENOENT/)

  const obedient = processes.node(['-e', 'setInterval(() => {}, 1000)'])
  await obedient.stop()
  expect(await Promise.race([obedient.failed, Promise.resolve('no failure')])).toBe('no failure')
})

test('stops a process, and kills one that does not obey in time', async () => {
  const obedient = processes.node([
    '-e',
    'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("up")',
  ])
  const stubborn = processes.node([
    '-e',
    'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")',
  ])
  for (const each of [obedient, stubborn]) await each.waitForOutput(/up/)
  expect(await obedient.stop()).toEqual({ code: 0, signal: null })
  expect(await stubborn.stop(100)).toEqual({ code: null, signal: 'SIGKILL' })
})

test('kills what a program forks, where it runs in a group of its own', async () => {
  const parent = processes.run('sh', ['-c', 'sleep 600 & echo up; wait'], { isGroup: true })
  await parent.waitForOutput(/up/)
  // Its output ends once nobody holds it any more.
  expect(await within(5_000, parent.kill(), 'the fork to end')).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a frozen process does nothing until it is thawed', async () => {
  const child = processes.node(['-e', 'let n = 0; setInterval(() => console.log(n++), 5)'])
  await child.waitForOutput(/2\n/)
  child.freeze()
  await expect(child.waitForOutput(/never/, { timeoutMs: 100 })).rejects.toThrow('in vain')
  const before = child.output
  await expect(child.waitForOutput(/never/, { timeoutMs: 100 })).rejects.toThrow('in vain')
  expect(child.output).toBe(before)
  child.thaw()
  await child.waitForOutput(new RegExp(`^${before}\\d`))
})

test('passes no settings of the test run on to its children', async () => {
  process.env.TASKFLOW_PORT = '1'
  const child = processes.node(
    ['-p', 'Object.keys(process.env).filter((name) => /^(TASKFLOW|VITEST)/.test(name)).join()'],
    {
      env: { TASKFLOW_HOST: '127.0.0.1' },
    },
  )
  await child.ended
  delete process.env.TASKFLOW_PORT
  expect(child.output).toBe('TASKFLOW_HOST\n')
})

describe('what is left at the end of a describe', () => {
  let left: { pid: number; folder: string } | undefined

  describe('that leaves a process and a folder', () => {
    const inner = useProcesses()

    test('starts them', async () => {
      const child = inner.node(['-e', 'console.log("up"); setInterval(() => {}, 1000)'])
      await child.waitForOutput(/up/)
      left = { pid: child.pid, folder: inner.tempFolder() }
      expect(existsSync(left.folder)).toBe(true)
    })
  })

  test('is killed and removed', () => {
    expect(() => process.kill(left!.pid, 0)).toThrow('ESRCH')
    expect(existsSync(left!.folder)).toBe(false)
  })
})

test('a free port can be listened on', async () => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await new Promise((resolve) => server.close(resolve))
})
