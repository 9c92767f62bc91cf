import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathOf } from './install.ts'
import { removeFolder } from './remove-folder.ts'
import { type ServerUser, sharedTempFolder } from './server-user.ts'

/** A file system of its own, for a server that is to run out of space. */
export interface SmallDisk {
  /** A folder in it, of the server's user. */
  readonly path: string
  /** Fills the disk to the last byte. */
  fill(): void
  /** Frees the space that `fill` took. */
  free(): void
  remove(): void
}

const MIB = 1_048_576
const PROGRAMS = ['mkfs.ext4', 'mount', 'umount', 'truncate', 'fallocate']

/** Why this machine gives none; undefined where it does. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux may mount a disk'
  const missing = PROGRAMS.filter((program) => pathOf(program) === undefined)
  if (missing.length > 0) return `this machine has no ${missing.join(', ')}`
  try {
    makeSmallDisk(16, undefined).remove()
    return undefined
  } catch (error) {
    return `a loop device cannot be mounted: ${(error as Error).message.split('\n')[0]}`
  }
}

/** An ext4 in a sparse file, so that what is written is kept and synced as on a disk. */
export function makeSmallDisk(sizeMiB: number, user: ServerUser): SmallDisk {
  const folder = mkdtempSync(join(sharedTempFolder(user), 'taskflow-disk-'))
  chmodSync(folder, 0o755)
  const [image, mounted] = [join(folder, 'image'), join(folder, 'mounted')]
  const path = join(mounted, 'data')
  const ballast = join(mounted, 'ballast')
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: 'pipe' })
  let isMounted = false

  const remove = (): void => {
    process.off('exit', remove)
    // Lazily: a server that is just ending may still hold files.
    if (isMounted) run('umount', '--lazy', mounted)
    isMounted = false
    removeFolder(folder)
  }
  process.once('exit', remove)

  try {
    mkdirSync(mounted)
    run('truncate', `--size=${sizeMiB}M`, image)
    // Nothing is set aside for root, who would fill the disk less than full.
    run('mkfs.ext4', '-q', '-m', '0', image)
    run('mount', '-o', 'loop', image, mounted)
    isMounted = true
    mkdirSync(path)
    if (user) chownSync(path, user.uid, user.gid)
  } catch (error) {
    remove()
    throw error
  }
  return {
    path,
    fill() {
      const { bavail, bsize } = statfsSync(mounted)
      // Most of it without writing it; the last of it as it comes, since others write meanwhile.
      const most = bavail * bsize - MIB
      if (most > 0) run('fallocate', `--length=${most}`, ballast)
      writeUntilFull(`${ballast}-rest`)
    },
    free() {
      for (const file of [ballast, `${ballast}-rest`]) rmSync(file, { force: true })
    },
    remove,
  }
}

function writeUntilFull(file: string): void {
  const open = openSync(file, 'w')
  try {
    // A page at a time: what is left in the end is less than anybody can write.
    for (const page = Buffer.alloc(4_096); ; ) writeSync(open, page)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(open)
  }
}
