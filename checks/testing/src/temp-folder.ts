import { chownSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder } from './remove-folder.ts'
import { type ServerUser, sharedTempFolder } from './server-user.ts'

/** A folder that is removed when this process ends, however it ends short of SIGKILL. */
export interface TempFolder {
  readonly path: string
  remove(): void
}

const left = new Set<string>()
// Processes that write to them are killed before, by listeners that are prepended.
process.on('exit', () => {
  for (const path of left) removeFolder(path)
})

/** @param user owns the folder; this process's user where absent */
export function tempFolder(name: string, user?: ServerUser): TempFolder {
  const path = mkdtempSync(join(sharedTempFolder(user), `taskflow-${name}-`))
  if (user) chownSync(path, user.uid, user.gid)
  left.add(path)
  return {
    path,
    remove() {
      removeFolder(path)
      left.delete(path)
    },
  }
}
