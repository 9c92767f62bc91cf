import { execFileSync } from 'node:child_process'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from '@taskflow/testing/sources'
import { expect, test } from 'vitest'

/** Loads a runner in a process of its own, and prints the URL of each module that it loads. */
const SCRIPT = `
  import { registerHooks } from 'node:module'
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) console.log(url)
      return next(url, context)
    },
  })
  await import(${JSON.stringify(new URL('./runner.ts', import.meta.url).href)})
`

// Each runner is a thread or a process: what it loads costs memory as often as there are runners, and delays each start.
test('a runner loads no library, and of TaskFlow only its own modules, the SDK and rules of tasks', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], { encoding: 'utf8' })
  const loaded = output
    .trim()
    .split('\n')
    .map((url) => relative(ROOT, fileURLToPath(url)))
  expect(loaded).toContain('packages/worker/src/runner/runner.ts')
  expect(loaded.filter((path) => !/^(packages\/(worker|sdk)\/src|modules\/tasks\/src\/domain)\//.test(path))).toEqual(
    [],
  )
  expect(loaded.length).toBeLessThan(50)
})
