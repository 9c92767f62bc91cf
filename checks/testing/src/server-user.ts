import { execFileSync, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/** The user that a server runs as. Undefined stands for the user that runs the tests. */
export type ServerUser = { readonly uid: number; readonly gid: number } | undefined

/** PostgreSQL refuses to run as root, so root (CI in a container, say) hands it to somebody with fewer rights. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return undefined
  const user = userNamed('postgres') ?? userNamed('nobody')
  if (!user) throw new Error('Expected a user `postgres` or `nobody` to run PostgreSQL as, since root may not')
  return user
}

function userNamed(name: string): ServerUser {
  try {
    return { uid: numberOf('-u', name), gid: numberOf('-g', name) }
  } catch {
    // `id` fails for a name that this machine does not know.
    return undefined
  }
}

const numberOf = (flag: string, name: string): number =>
  Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))

/** A folder for temporary files that the server's user can reach too. */
export function sharedTempFolder(user: ServerUser): string {
  const folder = [tmpdir(), '/tmp', '/var/tmp'].find((path) => canWrite(path, user))
  if (folder === undefined) throw new Error(`Expected a temporary folder that user ${user?.uid} can write to`)
  return folder
}

function canWrite(path: string, user: ServerUser): boolean {
  if (!user) return true
  return spawnSync('/bin/sh', ['-c', 'test -w "$0" && test -x "$0"', path], { ...user, cwd: '/' }).status === 0
}
