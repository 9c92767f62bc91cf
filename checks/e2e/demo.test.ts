import { freePort, useProcesses, within } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { EXAMPLE_TASKS, startServer } from './server.ts'

const processes = useProcesses()
const DEMO = 'examples/demo/demo.ts'

test('the demonstration reads every installed package, shows a retry and a redrive, and ends with its report', {
  timeout: 150_000,
}, async () => {
  const { env, process } = await startServer(processes, {
    env: { TASKFLOW_DATA_DIR: processes.tempFolder() },
    tasks: EXAMPLE_TASKS,
  })
  const demo = processes.node([DEMO], { env })
  const ended = await within(60_000, demo.ended, 'the demonstration to end')
  expect(demo.stdout).toMatch(/one task for each of \d{2,} installed packages/)
  expect(demo.stdout).toMatch(/100 %/)
  expect(demo.stdout).toMatch(/attempt 1: failed .*\n +attempt 2: succeeded/)
  expect(demo.stdout).toMatch(/In the dead-letter queue: .*not-there\n.*\[notRetryable\]\n.*redriven .*: succeeded/)
  expect(demo.stdout).toMatch(/\d+ packages, [\d,]+ files, [\d.]+ MB\n\n +Largest\n/)
  expect(demo.stdout).toMatch(/Licences\n +MIT +\d+\n[\s\S]*several versions/)
  expect(ended).toEqual({ code: 0, signal: null })
  await process.kill('SIGTERM')
})

test('without a server it says what to do, and exits with 1', async () => {
  const demo = processes.node([DEMO], { env: { TASKFLOW_URL: `http://127.0.0.1:${await freePort()}` } })
  expect(await within(50_000, demo.ended, 'it to give up')).toEqual({ code: 1, signal: null })
  expect(demo.output).toContain('npm start')
  expect(demo.output).not.toMatch(/^ +at /m)
})
