import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isTaskDefinition, type TaskDefinition } from '@taskflow/sdk'
import type { ModuleLoader } from './module-loader.ts'

export type Definitions = ReadonlyMap<string, TaskDefinition>

/** Loads every definition that the modules of a folder export. Throws an error that names the file at fault. */
export async function loadTasks(folder: string, loader: Pick<ModuleLoader, 'load'>): Promise<Definitions> {
  const found = new Map<string, { definition: TaskDefinition; file: string }>()
  for (const path of await listModules(folder)) {
    const file = relative(folder, path)
    const module = await loader.load(path, file)
    for (const definition of Object.values(module).filter(isTaskDefinition)) {
      const other = found.get(definition.type)
      // Two modules may export the same definition.
      if (other && other.definition !== definition)
        throw new Error(
          `Task type \`${definition.type}\` is defined twice, in ${other.file} and in ${file}: rename one`,
        )
      found.set(definition.type, { definition, file })
    }
  }
  return new Map([...found].map(([type, { definition }]) => [type, definition]))
}

/** Lists the modules in the order of their names, so that every runner reports the same mistake first. */
async function listModules(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    const what = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`
    throw new Error(`Task folder ${folder} ${what}: create it, or name another folder`, { cause: error })
  })
  const paths = await Promise.all(entries.filter(isWanted).map((entry) => expand(entry, folder)))
  return paths.flat().sort()
}

const isWanted = ({ name }: Dirent): boolean => !/^[._]/.test(name) && name !== 'node_modules'

async function expand(entry: Dirent, folder: string): Promise<string[]> {
  const path = join(folder, entry.name)
  if (entry.isDirectory()) return listModules(path)
  return isModule(entry.name) ? [path] : []
}

const isModule = (name: string): boolean => /\.m?[jt]s$/.test(name) && !/\.(test|d)\.[^/]+$/.test(name)
