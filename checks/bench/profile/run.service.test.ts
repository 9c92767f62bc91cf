import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { serverUser } from '@taskflow/testing/server-user'
import { tempFolder } from '@taskflow/testing/temp-folder'
import { afterAll, describe, expect, test } from 'vitest'
import type { CpuProfile } from './cpu-profile.ts'

const RUN = join(import.meta.dirname, 'run.ts')
const { path: folder, remove } = tempFolder('profiles')
afterAll(remove)

const hasServer = machineBinaries(serverUser()) !== undefined
const title = hasServer ? 'npm run profile' : 'npm run profile (not here: no PostgreSQL of this machine)'

const profile = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, ...args, '--dir', folder])
  return stdout
}

describe.runIf(hasServer)(title, () => {
  test.each([
    ['api', '300', ['api-main']],
    ['worker', '3000', ['worker-main', 'worker-runner-1']],
    ['coordinator', '100', ['coordinator-main']],
  ])('%s is profiled under its load, for the terminal and for DevTools', async (what, tasks, threads) => {
    const output = await profile(what, '--tasks', tasks, '--top', '5')
    for (const thread of threads) {
      expect(output).toMatch(new RegExp(`^${thread}: busy [1-9]\\d* ms`, 'm'))
      const { samples, nodes } = JSON.parse(readFileSync(join(folder, `${thread}.cpuprofile`), 'utf8')) as CpuProfile
      expect(samples.length).toBeGreaterThan(0)
      expect(nodes.filter(({ callFrame }) => callFrame.url.includes('/packages/'))).not.toEqual([])
    }
    expect(readdirSync(folder).filter((file) => file.startsWith(what))).toHaveLength(threads.length)
  })

  test('database reports what each statement cost, by its name, and per task', async () => {
    const output = await profile('database', '--tasks', '300')
    for (const name of ['submit_alike_tasks', 'claim_tasks', 'finish_tasks']) {
      const [line] = output.split('\n').filter((each) => each.startsWith(`${name} `))
      expect(line).toMatch(/ [1-9]\d*(,\d+)*\s+\d+\.\d{3}$/)
    }
    expect(output).not.toContain('/* profile */')
    expect(readFileSync(join(folder, 'database.txt'), 'utf8')).toContain('submit_alike_tasks')
  })
})

test.each([
  ['what is unknown', ['apis'], 'There is nothing to profile called apis'],
  ['a file that is not there', ['nothing.cpuprofile'], 'There is nothing to profile called nothing.cpuprofile'],
  ['an unknown option', ['api', '--taks', '1'], "unknown option '--taks'"],
  ['no number', ['api', '--tasks', 'many'], "'many' is invalid. Expected a whole number from 1"],
  ['nothing', [], "missing required argument 'subject'"],
])('refuses %s in a sentence, and names the command that shows help', async (_, args, sentence) => {
  const refusal = await profile(...args).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) })
  expect(refusal).toMatchObject({ stderr: expect.stringContaining('See: npm run profile -- --help') })
})
