import { execFileSync } from 'node:child_process'

const MINUTES = 60_000

/** Whether this is a CI container that may install what the tests need. Nobody's own machine is ever touched. */
export function mayInstall(): boolean {
  return process.env.CI === 'true' && process.getuid?.() === 0 && pathOf('apt-get') !== undefined
}

/** Installs packages of the distribution, whose services are not started: each test starts what it needs. */
export function install(...packages: string[]): void {
  apt('update')
  apt('install', '-y', '--no-install-recommends', ...packages)
}

function apt(...parameters: string[]): void {
  // RUNLEVEL=1: what the packages bring as services stays down.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  execFileSync('apt-get', ['-q', ...parameters], { env, stdio: 'pipe', timeout: 10 * MINUTES })
}

/** Where a program is; undefined when this machine has none of that name. */
export function pathOf(program: string): string | undefined {
  try {
    const found = execFileSync('sh', ['-c', `command -v ${program}`], { stdio: ['ignore', 'pipe', 'ignore'] })
    return found.toString().trim()
  } catch {
    return undefined
  }
}
