import { useProcessDatabase, useProcesses, within } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { serverEngine } from './brokers.ts'
import { cluster, lastTermIn, leaderAfter, leaderOf } from './cluster.ts'

const processes = useProcesses()
const database = useProcessDatabase(serverEngine(), processes)
const { coordinator } = cluster(processes, () => database.env)

test('a standby leads within ten seconds after the leader is killed, and within one second after the leader is stopped', {
  timeout: 120_000,
}, async ({ annotate }) => {
  const coordinators = [await coordinator(), await coordinator()]
  const first = await leaderAfter(0, () => coordinators, 15_000)
  const standby = coordinators.find((each) => each !== first)
  expect(leaderOf(standby ? [standby] : []), 'only one leads').toBeUndefined()

  const killedAt = performance.now()
  await first.kill('SIGKILL')
  const second = await leaderAfter(lastTermIn(first.output), () => coordinators, 10_000)
  const afterKillMs = performance.now() - killedAt
  expect(second).toBe(standby)

  const third = await coordinator()
  const stoppedAt = performance.now()
  const ended = second.kill('SIGTERM')
  expect(await leaderAfter(lastTermIn(second.output), () => [second, third], 1_000)).toBe(third)
  const afterStopMs = performance.now() - stoppedAt
  expect(await within(10_000, ended, 'it to end')).toEqual({ code: 0, signal: null })
  await annotate(`leads ${Math.round(afterKillMs)} ms after SIGKILL, ${Math.round(afterStopMs)} ms after SIGTERM`)
})
