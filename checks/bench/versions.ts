import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PEERS } from './contenders.ts'
import type { Bench } from './scenario.ts'

const OURS = ['pg', 'fastify']

/** Of everything that took part, as it is installed. */
export function versionsOf({ stores, services, python }: Bench, titles: readonly string[]): Record<string, string> {
  const peers = PEERS.filter(({ title }) => titles.includes(title))
  const npm = new Set([...OURS, ...peers.filter(({ isPython }) => !isPython).flatMap(({ packages }) => packages)])
  return {
    taskflow: versionIn(new URL('../../packages/cli/package.json', import.meta.url)),
    node: process.versions.node,
    postgresql: stores.postgres.settings.server_version ?? '',
    ...services.versions,
    ...Object.fromEntries([...npm].map((name) => [name, versionOf(name)])),
    ...(titles.some((title) => /Celery/.test(title)) && pythonVersions(python())),
  }
}

const pythonVersions = (python: ReturnType<Bench['python']>) => ('missing' in python ? {} : python.versions)

/** Looked for beside the package's entry, since not every package lets its manifest be imported. */
function versionOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name)
  const root = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`))
  return versionIn(`${root}node_modules/${name}/package.json`)
}

const versionIn = (file: string | URL): string => JSON.parse(readFileSync(file, 'utf8')).version
