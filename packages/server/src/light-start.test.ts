import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const DOOR = pathToFileURL(join(import.meta.dirname, 'index.ts')).href

/** Prints the address of each module that the door of this package loads. */
const SCRIPT = `
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      console.log(url)
      return next(url, context)
    },
  })
  await import(${JSON.stringify(DOOR)})`

/** A process loads these only for a port to listen on, an embedded database, or the chosen broker. */
const HEAVY = /node_modules\/(fastify|prom-client|ioredis|rabbitmq-client|@electric-sql)\//

test('a start loads no HTTP framework, metrics library, embedded database or broker client before the settings ask for it', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], { encoding: 'utf8' })
  const loaded = stdout.split('\n')
  expect(loaded, stderr).toContain(DOOR)
  expect(loaded.filter((url) => HEAVY.test(url))).toEqual([])
})
