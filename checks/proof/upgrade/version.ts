import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readMigrations } from '@taskflow/database'
import { tempFolder } from '@taskflow/testing/temp-folder'

/** A version of TaskFlow, as the source tree that its processes are started from. */
export interface Version {
  readonly name: string
  readonly root: string
  /** The folder of task modules, which import the SDK of the same tree. */
  readonly tasks: string
  /** The number of its newest migration. */
  readonly schema: number
  /** Whether it starts on its own schema only, as versions do that do not know which migrations suit them. */
  readonly isBoundToItsSchema: boolean
  /** Removes the unpacked tree. */
  discard(): void
}

interface Named {
  readonly commit: string
  readonly isBoundToItsSchema: boolean
}

const ROOT = join(import.meta.dirname, '../../..')
const TASKS = join(import.meta.dirname, 'tasks')

export function presentVersion(): Version {
  return {
    name: 'present',
    root: ROOT,
    tasks: TASKS,
    schema: newestIn(ROOT),
    isBoundToItsSchema: false,
    discard() {},
  }
}

/** The version that `previous.json` names, from this clone's history. */
export function previousVersion(): Version {
  const { commit, isBoundToItsSchema } = namedPrevious()
  requireCommit(commit)
  const packed = execFileSync('git', ['archive', '--format=tar', commit, ...foldersIn(commit), 'package.json'], {
    cwd: ROOT,
    maxBuffer: 256 * 1024 * 1024,
  })
  return besideThis(`previous (${commit.slice(0, 7)})`, isBoundToItsSchema, (root) => {
    execFileSync('tar', ['-x', '-C', root], { input: packed })
  })
}

/** Folders that hold the packages a process is made of. Versions before rooms have `packages` alone. */
const PACKAGE_FOLDERS = ['platform', 'modules', 'packages']

function foldersIn(commit: string): string[] {
  const names = execFileSync('git', ['ls-tree', '--name-only', commit], { cwd: ROOT, encoding: 'utf8' }).split('\n')
  return PACKAGE_FOLDERS.filter((folder) => names.includes(folder))
}

const namedPrevious = (): Named => JSON.parse(readFileSync(join(import.meta.dirname, 'previous.json'), 'utf8')) as Named

/**
 * This tree with one more migration, as the next version will have: a column and an index, created in one transaction.
 */
export function nextVersion(): Version {
  const schema = newestIn(ROOT) + 1
  const nameOf = (version: number): string => String(version).padStart(4, '0')
  return besideThis('next', false, (root) => {
    cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
    for (const folder of PACKAGE_FOLDERS) cpSync(join(ROOT, folder), join(root, folder), { recursive: true })
    const file = join(root, 'modules/tasks/migrations', `${nameOf(schema)}_next`)
    writeFileSync(
      `${file}.up.sql`,
      `-- Suits processes from: ${nameOf(schema - 1)}\nalter table task add column next text;\n` +
        'create index task_next on task (next) where next is not null;\n',
    )
    writeFileSync(`${file}.down.sql`, 'alter table task drop column next;\n')
  })
}

function requireCommit(commit: string): void {
  if (spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT }).status === 0) return
  throw new Error(
    `This clone has not the commit of the previous version, ${commit}: fetch its history (git fetch --unshallow; in CI a checkout with fetch-depth 0)`,
  )
}

function besideThis(name: string, isBoundToItsSchema: boolean, fill: (root: string) => void): Version {
  const { path: root, remove: discard } = tempFolder('version')
  fill(root)
  cpSync(TASKS, join(root, 'tasks'), { recursive: true })
  linkModules(root)
  return { name, root, tasks: join(root, 'tasks'), schema: newestIn(root), isBoundToItsSchema, discard }
}

/** Links the packages that npm installed here, and the TaskFlow packages of that tree. */
function linkModules(root: string): void {
  const [here, there] = [join(ROOT, 'node_modules'), join(root, 'node_modules')]
  const ours = '@taskflow'
  mkdirSync(join(there, ours), { recursive: true })
  for (const name of readdirSync(here)) if (name !== ours) symlinkSync(join(here, name), join(there, name))
  for (const path of globSync(`{${PACKAGE_FOLDERS.join(',')}}/*`, { cwd: root }))
    symlinkSync(join(root, path), join(there, ours, basename(path)))
}

const newestIn = (root: string): number => {
  const folders = globSync(`{${PACKAGE_FOLDERS.join(',')}}/*/migrations`, { cwd: root })
  return readMigrations(folders.map((folder) => join(root, folder))).at(-1)?.version ?? 0
}
