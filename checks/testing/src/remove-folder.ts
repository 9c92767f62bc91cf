import { existsSync, rmSync } from 'node:fs'

const TRIES = 50
const PAUSE_MS = 20

/**
 * Removes a folder in which a process that is just ending may still write or remove files: Node then stops
 * half-way, with an error or, where a file went away under its hands, without.
 * Synchronous, so that `exit` handlers may call it.
 */
export function removeFolder(path: string): void {
  for (let attempt = 1; existsSync(path) && attempt <= TRIES; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch (error) {
      if (attempt === TRIES) throw error
    }
    if (existsSync(path)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
  }
}
