import { existsSync, readFileSync } from 'node:fs'
import type { WitnessOf } from '@taskflow/testing/witness'

type Note = WitnessOf<'started' | 'ended' | 'aborted'>

/** Reads the notes that handlers wrote (tasks/upgrade.ts); a line that is just being written counts the next time. */
export function notesIn(file: string): Note[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Note)
}
