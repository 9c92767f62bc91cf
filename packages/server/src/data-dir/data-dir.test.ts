import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pgliteDatabase } from '@taskflow/database'
import { CONTAINER, whyNoContainer } from '@taskflow/testing/container'
import { openProcesses } from '@taskflow/testing/open-processes'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { tempFolder } from '@taskflow/testing/temp-folder'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openDataDir } from './data-dir.ts'
import { EMBEDDED_VERSION } from './database-files.ts'
import { unusable } from './unusable.ts'

const folder = tempFolder('data-dir')
afterAll(() => folder.remove())

let dir: string
let number = 0
beforeEach(() => {
  dir = join(folder.path, String(number++))
})

const OPEN_AND_STAY = `
  import { openDataDir } from ${JSON.stringify(join(import.meta.dirname, 'data-dir.ts'))}
  try {
    openDataDir(process.argv[1])
    gc()
    console.log('opened by ' + process.pid)
    setInterval(() => {}, 60_000)
  } catch (error) {
    console.log('refused: ' + error.message)
  }`

/** Opens the folder in another process, which keeps it open until it is killed. */
function openElsewhere(within: readonly string[] = []) {
  const processes = openProcesses()
  onTestFinished(() => processes.close())
  const args = ['--input-type=module', '--eval', OPEN_AND_STAY, dir]
  return processes.node(args, { nodeFlags: ['--expose-gc'], within })
}

describe('the lock', () => {
  test('is held while the folder is open, and leaves only its file behind', () => {
    const opened = openDataDir(dir)
    expect(() => openDataDir(dir)).toThrow(
      `Another TaskFlow has the data folder ${dir} open (process ${process.pid} on host ${hostname()}, since 2`,
    )
    opened.release()
    expect(readdirSync(dir)).toEqual(['lock'])
    openDataDir(dir).release()
  })

  test('excludes other processes, and ends with its process however that ends', async () => {
    const other = openElsewhere()
    await other.waitForOutput(/opened by \d+/)
    expect(() => openDataDir(dir)).toThrow(`open (process ${other.pid} on host`)
    await other.kill('SIGKILL')
    openDataDir(dir).release()
  })

  test('excludes a process that has the same process id in another container', async ({ annotate }) => {
    const reason = whyNoContainer()
    await annotate(reason ?? 'containers were made')
    // Namespaces need a right that not every user has; where there are none, the test checks the reason.
    if (reason !== undefined) return expect(reason).toMatch(/namespace/)
    const first = openElsewhere(CONTAINER)
    await first.waitForOutput(/opened by 1\n/)
    const second = openElsewhere(CONTAINER)
    await second.waitForOutput(/refused: Another TaskFlow .* open \(process 1 on host/)
    expect(() => openDataDir(dir)).toThrow('open (process 1 on host')
    await first.kill('SIGKILL')
    await openElsewhere(CONTAINER).waitForOutput(/opened by 1\n/)
  })

  test('takes over what a killed process left, whichever process has its id now', () => {
    mkdirSync(dir)
    const living = { pid: process.ppid, host: hostname(), since: new Date().toISOString() }
    writeFileSync(join(dir, 'opened-by.json'), JSON.stringify(living))
    writeFileSync(join(dir, 'lock'), '')
    openDataDir(dir).release()
  })

  test('is refused without a description where there is none', () => {
    const opened = openDataDir(dir)
    for (const text of ['', 'no JSON', 'null']) {
      writeFileSync(join(dir, 'opened-by.json'), text)
      expect(() => openDataDir(dir)).toThrow(`data folder ${dir} open: stop it`)
    }
    opened.release()
  })
})

describe('a database', () => {
  const open = async <Result>(look: (db: Awaited<ReturnType<typeof pgliteDatabase>>) => Promise<Result>) => {
    const opened = openDataDir(dir)
    try {
      const db = await opened.openDatabase((dataDir) => pgliteDatabase({ dataDir }))
      try {
        return await look(db)
      } finally {
        await db.close()
      }
    } finally {
      opened.release()
    }
  }
  const create = () => open((db) => rowsOf(db, 'create table kept as select 1 as n'))
  const read = () => open((db) => rowsOf<{ n: number }>(db, 'select n from kept'))
  const inDatabase = (...names: string[]) => join(dir, 'pgdata', ...names)

  test('is created in a new folder and in an empty one, and kept', async () => {
    mkdirSync(inDatabase(), { recursive: true })
    await create()
    expect(await read()).toEqual([{ n: 1 }])
    expect(readFileSync(inDatabase('PG_VERSION'), 'utf8').trim()).toBe(EMBEDDED_VERSION)
    expect(readdirSync(dir).toSorted()).toEqual(['lock', 'pgdata'])
  })

  test('is created again after its creation was cut off', async () => {
    const opened = openDataDir(dir)
    await expect(opened.openDatabase(() => Promise.reject(new Error('killed')))).rejects.toThrow()
    opened.release()
    // The first files of an unpacking look like a database.
    mkdirSync(inDatabase('global'), { recursive: true })
    writeFileSync(inDatabase('PG_VERSION'), EMBEDDED_VERSION)
    await create()
    expect(await read()).toEqual([{ n: 1 }])
  })

  test('is opened although a backup left out its empty folders', async () => {
    await create()
    for (const name of readdirSync(inDatabase(), { recursive: true, encoding: 'utf8' }))
      if (existsSync(inDatabase(name)) && !name.includes('.') && isEmptyFolder(inDatabase(name)))
        rmSync(inDatabase(name), { recursive: true })
    expect(existsSync(inDatabase('pg_notify'))).toBe(false)
    expect(await read()).toEqual([{ n: 1 }])
  })

  const REFUSED: Record<string, readonly [damage: () => void, sentence: RegExp]> = {
    'of another version': [
      () => writeFileSync(inDatabase('PG_VERSION'), '15\n'),
      /pgdata in it contains a database of PostgreSQL 15, and this TaskFlow embeds version 18\. Restore/,
    ],
    'without a version': [
      () => rmSync(inDatabase('PG_VERSION')),
      /pgdata in it contains no database of PostgreSQL\. Restore/,
    ],
    'whose control file is empty': [
      () => truncateSync(inDatabase('global', 'pg_control')),
      /files of its database \(pgdata\) are damaged or incomplete\. Restore/,
    ],
    'whose log is empty': [
      () => {
        for (const name of readdirSync(inDatabase('pg_wal')).filter((each) => /^[0-9A-F]{24}$/.test(each)))
          truncateSync(inDatabase('pg_wal', name))
      },
      /files of its database \(pgdata\) are damaged or incomplete\. Restore/,
    ],
    'that is a file': [
      () => {
        rmSync(inDatabase(), { recursive: true })
        writeFileSync(inDatabase(), '')
      },
      /pgdata in it is a file\. Move/,
    ],
  }
  test.each(Object.keys(REFUSED))(
    '%s is refused with the folder, the reason and the remedy, and not changed',
    async (name) => {
      await create()
      const [damage, sentence] = REFUSED[name]!
      damage()
      const before = filesOf(dir)
      const refusal = await read().catch((error: Error) => error)
      expect(refusal).toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringMatching(sentence) })
      expect((refusal as Error).message).toContain(`The data folder ${dir} cannot be used: `)
      expect(filesOf(dir)).toEqual(before)
    },
  )
})

/** Without the file that a PostgreSQL writes when it begins to start. */
const filesOf = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.endsWith('postmaster.pid'))
    .toSorted()

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0
  } catch {
    return false
  }
}

describe('a folder', () => {
  test('is refused where a file has its name, or is a part of its path', () => {
    writeFileSync(dir, '')
    expect(() => openDataDir(dir)).toThrow(`The data folder ${dir} cannot be used: a file has its name. Set`)
    expect(() => openDataDir(join(dir, 'a'))).toThrow(`${dir}/a cannot be used: a part of its path is a file. Set`)
  })

  test.each([
    [{ code: 'EACCES' }, /the user \S+ may not read and write it\. Give/],
    [{ code: 'EROFS' }, /its file system is read-only/],
    [{ code: 'ENOSPC' }, /its disk is full/],
    [
      { code: 'ERR_SQLITE_ERROR', errcode: 3_850 },
      /does not lock files\. Set TASKFLOW_DATA_DIR to a folder on a local disk/,
    ],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 14 }, /may not read and write it/],
    [undefined, /damaged or incomplete/],
    [{ errno: 44 }, /damaged or incomplete/],
  ])('explains %o', (error, sentence) => {
    expect(unusable(dir, error).message).toMatch(sentence)
  })
})
