import { join } from 'node:path'
import { tempFolder } from '@taskflow/testing/temp-folder'
import { afterAll, expect, test } from 'vitest'
import { noteWriter, startsSince, witnessesIn } from './notes.ts'

const { path: folder, remove } = tempFolder('notes')
afterAll(remove)

test('reads each start once, in order', () => {
  const file = join(folder, 'handlers')
  const note = noteWriter(file)
  const starts = startsSince(file)
  note('started 1.000 t1 l1 1 3.500 ready')
  note('ended 2.000 t1 l1 1 -')
  expect(starts.read()).toEqual([{ isFirst: true, isDelayed: false, lateMs: 3.5 }])
  note('started 3.000 t1 l2 2 9.000 delayed')
  expect(starts.read()).toEqual([{ isFirst: false, isDelayed: true, lateMs: 9 }])
  expect(starts.read()).toEqual([])
  starts.close()
})

test('reads notes as witnesses', async () => {
  const file = join(folder, 'all')
  const note = noteWriter(file)
  note('submitted 1.500 t1 -')
  note('submitted 1.600 t2 key-2')
  note('cancelled 2.000 t2 cancelled')
  note('started 3.000 t1 l1 1 1.500 ready')
  note('ended 4.000 t1 l1 1 {"leaseId":"l1"}')
  note('ended 5.000 t1 l2 2 -')
  expect(await witnessesIn([file])).toEqual([
    { kind: 'submitted', atMs: 1.5, taskIds: ['t1'] },
    { kind: 'submitted', atMs: 1.6, taskIds: ['t2'], key: 'key-2' },
    { kind: 'cancelled', atMs: 2, taskId: 't2', state: 'cancelled' },
    { kind: 'started', atMs: 3, taskId: 't1', leaseId: 'l1', attempt: 1, process: 'worker' },
    { kind: 'ended', atMs: 4, taskId: 't1', leaseId: 'l1', attempt: 1, result: '{"leaseId":"l1"}' },
    { kind: 'ended', atMs: 5, taskId: 't1', leaseId: 'l2', attempt: 2, result: null },
  ])
})

test('refuses a note of an unknown kind', async () => {
  const file = join(folder, 'broken')
  noteWriter(file)('wandered 1.000 t1')
  await expect(witnessesIn([file])).rejects.toThrow('got: wandered 1.000 t1')
})
