import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { dataDir as prebuilt } from '@electric-sql/pglite-prepopulatedfs'
import { databaseOn, migrator } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { removeFolder } from './remove-folder.ts'

export interface PGliteTemplate {
  readonly serverVersion: string
  /** A migrated data folder as a tar file. */
  readonly dumpFile: string
  remove(): void
}

/**
 * Migrates once and keeps the outcome as a file, uncompressed: each test file unpacks
 * it in half a second, as fast as a clone of a live instance, and it crosses processes.
 */
export async function createPGliteTemplate(): Promise<PGliteTemplate> {
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-pglite-'))
  const remove = () => removeFolder(folder)
  // For a run that is broken off.
  process.once('exit', remove)
  const pglite = await PGlite.create({ loadDataDir: await prebuilt() })
  try {
    await migrator(databaseOn(pglite), allMigrations()).up()
    const dump = await pglite.dumpDataDir('none')
    const dumpFile = join(folder, 'migrated.tar')
    writeFileSync(dumpFile, Buffer.from(await dump.arrayBuffer()))
    const { rows } = await pglite.query<{ server_version: string }>('show server_version')
    return { serverVersion: rows[0]?.server_version ?? '', dumpFile, remove }
  } catch (error) {
    remove()
    throw error
  } finally {
    await pglite.close()
  }
}
