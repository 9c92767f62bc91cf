import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'

const MINUTES = 60_000

/** Whether this is a CI container that may install what the tests need. Nobody's own machine is ever touched. */
export function mayInstall(): boolean {
  return process.env.CI === 'true' && process.getuid?.() === 0 && has('apt-get')
}

/** Installs the server of the distribution, and keeps it from making and starting a cluster of its own. */
export function installPostgres(): void {
  apt('update')
  apt('install', '-y', '--no-install-recommends', 'postgresql-common')
  mkdirSync('/etc/postgresql-common', { recursive: true })
  appendFileSync('/etc/postgresql-common/createcluster.conf', '\ncreate_main_cluster = false\n')
  apt('install', '-y', '--no-install-recommends', 'postgresql')
}

function apt(...parameters: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['-q', ...parameters], { env, stdio: 'pipe', timeout: 5 * MINUTES })
}

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
