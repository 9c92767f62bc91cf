/**
 * Notes of callers and handlers, one a line, in files, so that an hour of them needs no memory.
 *
 * - Callers write `submitted <at> <task> <key or ->` and `cancelled <at> <task> <state>`.
 * - Handlers write `started <at> <task> <lease> <attempt> <late>` and `ended <at> <task> <lease> <attempt> <result>`.
 */
import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { TaskId, TaskState } from '@taskflow/tasks'
import type { Witness } from '@taskflow/testing/witness'

/** Opens a file for notes. Each line is completely in the file when the call returns. */
export function noteWriter(file: string): (line: string) => void {
  const descriptor = openSync(file, 'a')
  return (line) => void writeSync(descriptor, `${line}\n`)
}

/** A start, as a sample counts it. */
export interface StartSeen {
  readonly isFirst: boolean
  readonly isDelayed: boolean
  /** The time from the call, or from the due time, to the start of the handler. */
  readonly lateMs: number
}

const CHUNK_BYTES = 1 << 20

/** Returns a reader of the starts that were noted since the last read. */
export function startsSince(file: string): { read(): StartSeen[]; close(): void } {
  const descriptor = openSync(file, 'a+')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let position = 0
  let rest = ''
  return {
    read() {
      const starts: StartSeen[] = []
      for (;;) {
        const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, position)
        if (length === 0) return starts
        position += length
        const lines = (rest + chunk.toString('latin1', 0, length)).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line.startsWith('started ')) starts.push(startOf(line))
      }
    },
    close: () => closeSync(descriptor),
  }
}

function startOf(line: string): StartSeen {
  const [, , , , attempt, lateMs, kind] = line.split(' ')
  return { isFirst: attempt === '1', isDelayed: kind === 'delayed', lateMs: Number(lateMs) }
}

/** Reads all notes as witnesses for the check of the promises. */
export async function witnessesIn(files: readonly string[]): Promise<Witness[]> {
  const witnesses: Witness[] = []
  for (const file of files)
    for await (const line of createInterface({ input: createReadStream(file) })) witnesses.push(witnessOf(line))
  return witnesses
}

function witnessOf(line: string): Witness {
  const [kind, at, taskId = '', ...more] = line.split(' ')
  const atMs = Number(at)
  const [first = '', attempt, third = ''] = more
  switch (kind) {
    case 'submitted':
      return { kind, atMs, taskIds: [taskId], ...(first !== '-' && { key: first }) }
    case 'cancelled':
      return { kind, atMs, taskId: taskId as TaskId, state: first as TaskState }
    case 'started':
      return { kind, atMs, taskId, leaseId: first, attempt: Number(attempt), process: 'worker' }
    case 'ended':
      return { kind, atMs, taskId, leaseId: first, attempt: Number(attempt), result: third === '-' ? null : third }
    default:
      throw new TypeError(`Expected a note of a caller or a handler, got: ${line}`)
  }
}
