import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the folders of all packages under a node_modules folder, including packages inside other packages. */
export function findPackages(nodeModules: string): string[] {
  return foldersIn(nodeModules)
    .flatMap((folder) =>
      folder.startsWith('@') ? foldersIn(join(nodeModules, folder)).map((name) => join(folder, name)) : [folder],
    )
    .map((folder) => join(nodeModules, folder))
    .filter((folder) => contains(folder, 'package.json'))
    .flatMap((folder) => [
      folder,
      ...(contains(folder, 'node_modules') ? findPackages(join(folder, 'node_modules')) : []),
    ])
}

/** Returns the folders inside a folder, without links, which lead to the packages of this workspace. */
function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
}

const contains = (folder: string, name: string): boolean => readdirSync(folder).includes(name)
