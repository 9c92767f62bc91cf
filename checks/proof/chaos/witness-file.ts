import { appendFileSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { WitnessOf } from '@taskflow/testing/witness'

/** What a handler writes down. */
export type Line =
  | (WitnessOf<'started'> & { readonly claimedAgoMs: number })
  | WitnessOf<'ended'>
  | WitnessOf<'aborted'>

/**
 * Where the handlers of one thread write down what they see, a line each, in a file that is only appended to. A line is with the
 * operating system before the handler goes on, so that it outlives whatever kills the process next.
 */
export function witnessFile(folder: string): (line: Line) => void {
  const file = openSync(join(folder, `${process.pid}-${threadId}.ndjson`), 'a')
  return (line) => void writeSync(file, `${JSON.stringify(line)}\n`)
}

/** All that was written down in a folder. A line that is cut off was never finished, and nothing was done after it. */
export function readWitnessFiles(folder: string): Line[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Line)
}

/** Counts what a task did, over all its attempts and whatever process they run in; this time included. */
export function countTurn(folder: string, deed: string, taskId: string): number {
  const turns = join(folder, deed)
  mkdirSync(turns, { recursive: true })
  appendFileSync(join(turns, taskId), '.')
  return readFileSync(join(turns, taskId)).length
}
