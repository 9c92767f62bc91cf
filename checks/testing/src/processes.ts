import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { checkInvariants } from './invariants.ts'
import { lookIntoFolder } from './look-into.ts'
import { openProcesses, type Processes } from './open-processes.ts'

/**
 * Processes and folders for the tests of the enclosing `describe`; what is left of them is killed and removed after it. In between the
 * invariants are checked in each folder where a process kept its data, however it ended.
 */
export function useProcesses(): Processes {
  const { dataDirs, end, close, ...processes } = openProcesses()
  afterAll(async () => {
    await end()
    const violations = await violationsIn([...dataDirs].filter((dataDir) => existsSync(join(dataDir, 'pgdata'))))
    await close()
    expect(violations, 'violated invariants').toEqual([])
  })
  return processes
}

async function violationsIn(dataDirs: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const dataDir of dataDirs) found.push(...(await lookIntoFolder(dataDir, checkInvariants)))
  return found
}
