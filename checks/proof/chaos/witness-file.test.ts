import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { useProcesses } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { countTurn, type Line, readWitnessFiles, witnessFile } from './witness-file.ts'

const processes = useProcesses()

const line = (leaseId: string): Line => ({ kind: 'aborted', atMs: 1, taskId: 'task', leaseId, reason: 'Draining' })

test('lines are read in the order in which they were written', () => {
  const folder = processes.tempFolder()
  const write = witnessFile(folder)
  for (const leaseId of ['a', 'b']) write(line(leaseId))
  expect(readWitnessFiles(folder)).toEqual([line('a'), line('b')])
})

test('a line survives a SIGKILL right after it', async () => {
  const folder = processes.tempFolder()
  const module = new URL('./witness-file.ts', import.meta.url).href
  const script = `import { witnessFile } from '${module}'
    witnessFile('${folder}')(${JSON.stringify(line('last'))}); process.kill(process.pid, 'SIGKILL')`
  const { signal } = await processes.node(['--input-type=module', '-e', script]).ended
  expect(signal).toBe('SIGKILL')
  expect(readWitnessFiles(folder)).toEqual([line('last')])
})

test('an incomplete line is ignored', () => {
  const folder = processes.tempFolder()
  appendFileSync(join(folder, '1-0.ndjson'), `${JSON.stringify(line('whole'))}\n{"kind":"star`)
  expect(readWitnessFiles(folder)).toEqual([line('whole')])
})

test('turns are counted by act and task', () => {
  const folder = processes.tempFolder()
  expect([
    countTurn(folder, 'deaths', 'a'),
    countTurn(folder, 'deaths', 'a'),
    countTurn(folder, 'deaths', 'b'),
  ]).toEqual([1, 2, 1])
  expect(countTurn(folder, 'snoozes', 'a')).toBe(1)
})
