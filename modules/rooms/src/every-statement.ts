import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Statement } from '@taskflow/database'

const ROOT = join(import.meta.dirname, '../../..')

export type AnyStatement = Statement<readonly never[], object>

const isStatement = (value: unknown): value is AnyStatement =>
  typeof value === 'object' && value !== null && 'text' in value && 'columns' in value

/** The files of statements, relative to the root of the repository. */
export const statementFiles: readonly string[] = globSync('{platform,modules}/*/src/statements/*.ts', {
  cwd: ROOT,
}).toSorted()

const modules = await Promise.all(statementFiles.map((file) => import(join(ROOT, file)) as Promise<object>))

/** Every statement of the platform and of all rooms, found by folder, so that none can be left out. */
export const everyStatement: readonly AnyStatement[] = modules.flatMap((module) =>
  Object.values(module).filter(isStatement),
)
