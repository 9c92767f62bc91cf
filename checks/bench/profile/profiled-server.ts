import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openProcesses } from '@taskflow/testing/open-processes'
import { type Role, startTaskFlow } from '@taskflow/testing/start-taskflow'
import type { CpuProfile } from './cpu-profile.ts'

/** A `taskflow start` in a process of its own, on 127.0.0.1. */
export interface ProfiledServer {
  /** Where its API listens; empty without that role. */
  readonly url: string
  /**
   * Stops it. Resolves with the profile of each of its threads, by the thread's name, where profiles were requested.
   */
  stop(): Promise<ReadonlyMap<string, CpuProfile>>
}

interface Start {
  readonly roles: readonly Role[]
  readonly databaseUrl: string
  readonly isProfiled?: boolean
}

const TASKS = join(import.meta.dirname, '../tasks')
const SLOTS = '100'
// Twice as fine as the profiler's default; profiling slows the process by about a tenth.
const SAMPLE_US = '500'

/** Resolves once it is ready. */
export async function startProfiled({ roles, databaseUrl, isProfiled = false }: Start): Promise<ProfiledServer> {
  const processes = openProcesses()
  const folder = processes.tempFolder()
  const { process, url } = await startTaskFlow(processes, {
    roles,
    tasks: TASKS,
    env: { TASKFLOW_DATABASE_URL: databaseUrl, TASKFLOW_CONCURRENCY: SLOTS },
    nodeFlags: isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_US}`] : [],
    showsErrors: true,
  })
  return {
    url,
    async stop() {
      await process.stop()
      const profiles = profilesIn(folder)
      await processes.close()
      return profiles
    },
  }
}

/**
 * Node.js writes a file for each thread, with the thread's number in its name: 0 is the main thread, the next runs the
 * handlers.
 */
function profilesIn(folder: string): ReadonlyMap<string, CpuProfile> {
  const threads = readdirSync(folder).map((file) => ({ file, thread: Number(file.split('.').at(-3)) }))
  return new Map(
    threads
      .sort((a, b) => a.thread - b.thread)
      .map(({ file, thread }) => [
        thread === 0 ? 'main' : `runner-${thread}`,
        JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile,
      ]),
  )
}
