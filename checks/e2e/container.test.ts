import { checkInvariants, eventually, useProcesses } from '@taskflow/testing'
import { CONTAINER, whyNoContainer } from '@taskflow/testing/container'
import { lookIntoFolder } from '@taskflow/testing/look-into'
import { launchTaskFlow, type Server } from '@taskflow/testing/start-taskflow'
import { expect, test } from 'vitest'
import { nothingIsLeft, TASKS } from './server.ts'

// How many tasks a container accepts beside the second one before it is killed.
const ROUNDS = [1, 40, 7, 60, 19, 33]
const START_MS = 60_000

const processes = useProcesses()

test('containers that are killed, and started too early on their volume, lose nothing', {
  timeout: 300_000,
}, async ({ annotate }) => {
  const reason = whyNoContainer()
  await annotate(reason ?? 'containers were made')
  // Namespaces need a right that not every user has; where there are none, the test checks the reason.
  if (reason !== undefined) return expect(reason).toMatch(/namespace/)
  const volume = processes.tempFolder()
  const accepted = new Map<string, number>()

  for (const more of ROUNDS) {
    const first = await launch(volume).ready
    const calling = submitUntilItEnds(first, accepted)
    const tooEarly = launch(volume)
    expect(await tooEarly.process.ended).toEqual({ code: 5, signal: null })
    expect(tooEarly.process.output).toContain('Another TaskFlow has the data folder')
    // The container on the volume goes on.
    const enough = accepted.size + more
    await eventually(() => accepted.size >= enough, { timeoutMs: START_MS, what: 'tasks to be accepted' })
    await first.process.kill('SIGKILL')
    await calling
  }

  const last = await launch(volume).ready
  await nothingIsLeft(last, START_MS)
  for (const [id, n] of accepted) expect(await last.client.tasks.get(id)).toMatchObject({ result: { square: n * n } })
  await last.process.kill('SIGKILL')
  expect(await lookIntoFolder(volume, checkInvariants)).toEqual([])
})

const launch = (volume: string) =>
  launchTaskFlow(processes, {
    tasks: TASKS,
    env: { TASKFLOW_DATA_DIR: volume },
    within: CONTAINER,
    timeoutMs: START_MS,
  })

/** Submits tasks one after another, and notes those that were accepted, until the server is gone. */
async function submitUntilItEnds({ client }: Server, accepted: Map<string, number>): Promise<void> {
  for (;;) {
    const n = accepted.size
    const task = await client.tasks.submit('record', { n }).catch((error: Error) => {
      expect(error).toMatchObject({ code: 'SERVER_UNREACHABLE' })
      return undefined
    })
    if (task === undefined) return
    accepted.set(task.id, n)
  }
}
