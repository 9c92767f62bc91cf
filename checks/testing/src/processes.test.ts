import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { useProcesses } from './processes.ts'

const processes = useProcesses()

test('tells what a process wrote and how it ended', async () => {
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

test('tells each line as it comes, of both streams', async () => {
  const lines: string[] = []
  const onLine = (line: string): void => void lines.push(line)
  const child = processes.node(['-e', 'console.log("one\\ntwo"); console.error("three")'], { onLine })
  await child.ended
  expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
})

test('stops waiting for a line when the process has ended, and shows what it said', async () => {
  const child = processes.node(['-e', 'console.log("goodbye")'])
  await expect(child.waitForOutput(/never said/)).rejects.toThrow(/Ended before .*goodbye/s)
})

test('keeps the settings of whoever runs the tests from its children', async () => {
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
