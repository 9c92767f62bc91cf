import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineTask, PermanentError } from '@taskflow/sdk'
import { z } from 'zod'

const Package = z.object({
  name: z.string(),
  version: z.string(),
  licence: z.string(),
  files: z.int(),
  bytes: z.int(),
  /** SHA-256 of the paths and contents of its files, in order. */
  hash: z.string(),
})

export type Package = z.infer<typeof Package>

/** Reads every file of one installed package, without the packages installed inside it. */
export const inspectPackage = defineTask({
  type: 'packages.inspect',
  input: z.object({
    folder: z.string(),
    /** Whether the first attempt fails, to show a retry. */
    failsFirst: z.boolean().default(false),
  }),
  maxAttempts: 3,
  retry: { baseMs: 300, factor: 2, maxMs: 2_000 },
  timeouts: { startToCloseMs: 30_000 },
  async run({ folder, failsFirst }, { attempt, log, signal }): Promise<Package> {
    if (failsFirst && attempt === 1) throw new Error('The disk was busy (this failure is part of the demonstration)')
    const manifest = await readManifest(folder)
    const paths = await filesOf(folder)
    const hash = createHash('sha256')
    let bytes = 0
    for (const path of paths) {
      signal.throwIfAborted()
      const content = await readFile(join(folder, path))
      bytes += content.length
      hash.update(path).update('\0').update(content)
    }
    log.info('Read the package', { files: paths.length, bytes })
    return { ...manifest, files: paths.length, bytes, hash: hash.digest('hex') }
  },
})

async function readManifest(folder: string): Promise<Pick<Package, 'name' | 'version' | 'licence'>> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Another attempt would fail in the same way.
    throw new PermanentError(`There is no package in ${folder} (${error.code})`)
  })
  const { name = folder, version = '0.0.0', license } = JSON.parse(text)
  return { name, version, licence: typeof license === 'string' ? license : (license?.type ?? 'none stated') }
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.split('/').includes('node_modules'))
    .sort()
}

/** Combines the results of all packages into one report. */
export const reportPackages = defineTask({
  type: 'packages.report',
  input: z.object({ packages: z.array(Package) }),
  run({ packages }) {
    const bySize = packages.toSorted((a, b) => b.bytes - a.bytes)
    const byLicence = Object.groupBy(packages, ({ licence }) => licence)
    const byName = Object.groupBy(packages, ({ name }) => name)
    return {
      packages: packages.length,
      files: sum(packages.map(({ files }) => files)),
      bytes: sum(packages.map(({ bytes }) => bytes)),
      largest: bySize.slice(0, 10).map(({ name, version, bytes, files }) => ({ name, version, bytes, files })),
      licences: Object.entries(byLicence)
        .map(([licence, all = []]) => ({ licence, packages: all.length }))
        .sort((a, b) => b.packages - a.packages),
      severalVersions: Object.entries(byName)
        .map(([name, all = []]) => ({ name, versions: [...new Set(all.map(({ version }) => version))].sort() }))
        .filter(({ versions }) => versions.length > 1),
      identicalContents: packages.length - new Set(packages.map(({ hash }) => hash)).size,
    }
  },
})

export type PackageReport = Awaited<ReturnType<typeof reportPackages.run>>

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
