import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataDir } from './data-dir.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'taskflow-data-dir-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const lockFile = () => join(dir, 'process.pid')

test('locks the folder while it is open, and leaves no other file behind', () => {
  const opened = openDataDir(dir)
  expect(readFileSync(lockFile(), 'utf8')).toBe(String(process.pid))
  expect(readdirSync(dir)).toEqual(['process.pid'])
  opened.release()
  expect(readdirSync(dir)).toEqual([])
})

test('refuses a folder that a running process has open, and names both', () => {
  writeFileSync(lockFile(), String(process.ppid))
  expect(() => openDataDir(dir)).toThrow(`Process ${process.ppid} has the data folder ${dir} open`)
  expect(readFileSync(lockFile(), 'utf8')).toBe(String(process.ppid))
  expect(readdirSync(dir)).toEqual(['process.pid'])
})

test.each(['4194305', '', 'no number'])('replaces the lock file of a process that has ended (%o)', (pid) => {
  writeFileSync(lockFile(), pid)
  openDataDir(dir)
  expect(readFileSync(lockFile(), 'utf8')).toBe(String(process.pid))
})
