import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { install, mayInstall, pathOf } from './install.ts'

/** Servers beside PostgreSQL that tests start for themselves, by where their program is. */
export const SERVICES = {
  redis: { title: 'Redis', programs: ['redis-server'], packages: ['redis-server'], version: ['--version'] },
  rabbitmq: {
    title: 'RabbitMQ',
    // Debian's own command of that name insists on another user; this is what it runs.
    programs: ['/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server'],
    packages: ['rabbitmq-server'],
    version: undefined,
  },
  pgbouncer: {
    title: 'PgBouncer',
    programs: ['pgbouncer', '/usr/sbin/pgbouncer'],
    packages: ['pgbouncer'],
    version: ['--version'],
  },
} as const

export type ServiceName = keyof typeof SERVICES

export type Programs = Readonly<Partial<Record<ServiceName, string>>>

export interface ServiceSearch {
  readonly programs: Programs
  readonly ran: readonly string[]
  /** The services that were not found, each as a sentence. */
  readonly missing: readonly string[]
}

/** Finds the program of each service, having installed it where that is allowed. */
export function findServices(): ServiceSearch {
  const names = Object.keys(SERVICES) as ServiceName[]
  const absent = names.filter((name) => programOf(name) === undefined)
  const programs: Partial<Record<ServiceName, string>> = {}
  const ran: string[] = []
  const missing: string[] = []
  if (absent.length > 0 && mayInstall()) install(...absent.flatMap((name) => [...SERVICES[name].packages]))
  for (const name of names) {
    const program = programOf(name)
    if (program === undefined) missing.push(`${SERVICES[name].title}: no such program on this machine`)
    else {
      programs[name] = program
      ran.push(`${SERVICES[name].title} ${versionOf(name, program)} (machine)`)
    }
  }
  return { programs, ran, missing }
}

function programOf(name: ServiceName): string | undefined {
  for (const program of SERVICES[name].programs) {
    const path = program.startsWith('/') ? (existsSync(program) ? program : undefined) : pathOf(program)
    if (path !== undefined) return path
  }
  return undefined
}

/** As the program says, or as its place does. */
function versionOf(name: ServiceName, program: string): string {
  const { version } = SERVICES[name]
  const text = version ? spawnSync(program, [...version], { encoding: 'utf8' }).stdout : realpathSync(program)
  return /\d+\.\d+(\.\d+)?/.exec(text ?? '')?.[0] ?? 'of unknown version'
}
