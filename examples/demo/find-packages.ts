import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The folders of all packages installed under a node_modules folder, those inside other packages included. */
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

/** Links are left out: they lead to the workspace's own packages. */
function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
}

const contains = (folder: string, name: string): boolean => readdirSync(folder).includes(name)
