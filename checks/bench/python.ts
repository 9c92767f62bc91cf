import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'python')
const VENV = join(FOLDER, '.venv')
const REQUIREMENTS = join(FOLDER, 'requirements.txt')
/** A copy of what was installed, so that a later run installs nothing. */
const INSTALLED = join(VENV, 'installed.txt')

/** Programs of a virtual environment with the pinned packages. */
export interface Python {
  readonly folder: string
  program(name: 'python' | 'celery' | 'uvicorn'): string
  readonly versions: Readonly<Record<string, string>>
}

/** Installs the pinned packages where that was not done yet and may be; else says why there are none. */
export function findPython(mayInstall: boolean): Python | { readonly missing: string } {
  const wanted = readFileSync(REQUIREMENTS, 'utf8')
  if (!existsSync(INSTALLED) || readFileSync(INSTALLED, 'utf8') !== wanted) {
    if (!mayInstall) return { missing: 'its Python packages are not installed yet, and a quick run installs nothing' }
    const failure =
      failureOf('python3', ['-m', 'venv', '--clear', VENV]) ??
      failureOf(join(VENV, 'bin/pip'), ['install', '--quiet', '--requirement', REQUIREMENTS])
    if (failure !== undefined) return { missing: `Python: ${failure}` }
    writeFileSync(INSTALLED, wanted)
  }
  return { folder: FOLDER, program: (name) => join(VENV, 'bin', name), versions: versionsIn(wanted) }
}

function failureOf(program: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return undefined
  return `\`${program} ${args.join(' ')}\` failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`
}

/** `celery[redis]==5.7.0` names the package celery. */
const versionsIn = (requirements: string): Record<string, string> =>
  Object.fromEntries(
    [...requirements.matchAll(/^([\w-]+)(?:\[.*\])?==(\S+)$/gm)].map(([, name = '', version = '']) => [name, version]),
  )
