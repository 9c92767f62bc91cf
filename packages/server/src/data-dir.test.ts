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

const mark = () => join(dir, 'process.pid')

test('marks the folder while it is open, and leaves nothing else behind', () => {
  const opened = openDataDir(dir)
  expect(readFileSync(mark(), 'utf8')).toBe(String(process.pid))
  expect(readdirSync(dir)).toEqual(['process.pid'])
  opened.release()
  expect(readdirSync(dir)).toEqual([])
})

test('refuses a folder that a living process has open, and names both', () => {
  writeFileSync(mark(), String(process.ppid))
  expect(() => openDataDir(dir)).toThrow(`Process ${process.ppid} has the data folder ${dir} open`)
  expect(readFileSync(mark(), 'utf8')).toBe(String(process.ppid))
  expect(readdirSync(dir)).toEqual(['process.pid'])
})

test.each(['4194305', '', 'no number'])('takes over from a process that is no more (%o)', (pid) => {
  writeFileSync(mark(), pid)
  openDataDir(dir)
  expect(readFileSync(mark(), 'utf8')).toBe(String(process.pid))
})
