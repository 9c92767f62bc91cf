import { randomUUID } from 'node:crypto'
import { migrator, postgresDatabase } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { administer } from './administer.ts'

/** A migrated, empty database that others are cloned from. */
export interface Template {
  readonly name: string
  readonly serverVersion: string
  drop(): Promise<void>
}

export async function createTemplate(serverUrl: string): Promise<Template> {
  const name = `taskflow_template_${suffix()}`
  await administer(serverUrl, `create database ${name}`)
  const drop = () => administer(serverUrl, `drop database if exists ${name} with (force)`).then(() => {})
  const db = postgresDatabase({ url: urlOf(serverUrl, name) })
  try {
    await migrator(db, allMigrations()).up()
    const [row] = await administer(serverUrl, 'show server_version')
    return { name, drop, serverVersion: String(row?.server_version).split(' ')[0] ?? '' }
  } catch (error) {
    await drop()
    throw error
  } finally {
    await db.close()
  }
}

export async function cloneTemplate(
  serverUrl: string,
  template: string,
): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `taskflow_test_${suffix()}`
  await administer(serverUrl, `create database ${name} template ${template}`)
  return {
    url: urlOf(serverUrl, name),
    async drop() {
      await administer(serverUrl, `drop database if exists ${name} with (force)`)
    },
  }
}

const suffix = (): string => randomUUID().replaceAll('-', '')

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}
