import { writeFileSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { endWithSignals } from './end-with-signals.ts'
import type { Engine } from './engines.ts'
import { findServices } from './find-services.ts'
import { createPGliteTemplate } from './pglite-template.ts'
import { findServers } from './postgres-servers.ts'
import { createTemplate } from './postgres-template.ts'

/** Read by scripts/test.ts, which reports the engines that the tests ran on. */
export interface RunReport {
  readonly ran: readonly string[]
  readonly missing: readonly string[]
}

type Undo = () => unknown

/** Starts the engines of one run and provides them to the test files. Resolves with a function that stops them. */
export async function provideEngines(project: TestProject, wanted: 'pglite' | 'all'): Promise<() => Promise<void>> {
  const undo: Undo[] = [endWithSignals()]
  const takeDown = async () => {
    for (const step of undo.reverse()) await step()
  }
  try {
    const engines: Engine[] = [await pglite(undo)]
    const { found, missing } = wanted === 'all' ? await findServers() : { found: [], missing: [] }
    undo.push(...found.map((server) => server.stop))
    for (const { origin, url } of found) engines.push(await postgres(origin, url, undo))
    const services = wanted === 'all' ? findServices() : { programs: {}, ran: [], missing: [] }
    project.provide('engines', engines)
    project.provide('programs', services.programs)
    report({
      ran: [...engines.map(({ name }) => name), ...services.ran],
      missing: [...missing, ...services.missing],
    })
  } catch (error) {
    await takeDown()
    throw error
  }
  return takeDown
}

async function pglite(undo: Undo[]): Promise<Engine> {
  const { serverVersion, dumpFile, remove } = await createPGliteTemplate()
  undo.push(remove)
  return { kind: 'pglite', name: `PGlite ${serverVersion}`, dumpFile }
}

async function postgres(origin: string, serverUrl: string, undo: Undo[]): Promise<Engine> {
  const { name: template, serverVersion, drop } = await createTemplate(serverUrl)
  undo.push(drop)
  return { kind: 'postgres', name: `PostgreSQL ${serverVersion} (${origin})`, serverUrl, template }
}

function report(content: RunReport): void {
  const file = process.env.TASKFLOW_TEST_REPORT
  if (file !== undefined) writeFileSync(file, JSON.stringify(content))
}
