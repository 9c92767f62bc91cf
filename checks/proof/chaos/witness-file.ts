import { appendFileSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { WitnessOf } from '@taskflow/testing/witness'

/** A record of a handler. */
export type Line =
  | (WitnessOf<'started'> & { readonly claimedAgoMs: number })
  | WitnessOf<'ended'>
  | WitnessOf<'aborted'>

/**
 * Opens the file to which the handlers of one thread append their records, one a line. The operating system has a line
 * before the handler continues, so that the line survives any death of the process.
 */
export function witnessFile(folder: string): (line: Line) => void {
  const file = openSync(join(folder, `${process.pid}-${threadId}.ndjson`), 'a')
  return (line) => void writeSync(file, `${JSON.stringify(line)}\n`)
}

/** Reads all records of a folder. An incomplete last line is ignored: its handler did nothing after it. */
export function readWitnessFiles(folder: string): Line[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Line)
}

/** Counts an act of a task over all its attempts and processes, and returns the count with this one. */
export function countTurn(folder: string, act: string, taskId: string): number {
  const turns = join(folder, act)
  mkdirSync(turns, { recursive: true })
  appendFileSync(join(turns, taskId), '.')
  return readFileSync(join(turns, taskId)).length
}
