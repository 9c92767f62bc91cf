import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fencing tokens under which handlers ran, by task, in order: what e2e/tasks/record.ts noted in the folder. */
export function runsIn(folder: string): Map<string, string[]> {
  const runs = new Map<string, string[]>()
  for (const [id, token] of linesOf(join(folder, 'runs'))) runs.set(id, [...(runs.get(id) ?? []), token])
  return runs
}

function linesOf(file: string): [id: string, token: string][] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => line.split(' ') as [string, string])
}
