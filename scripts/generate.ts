import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { apiReference } from './generate/api-reference.ts'
import { apiTypes } from './generate/api-types.ts'
import { errorsReference } from './generate/errors-reference.ts'
import { failuresReference } from './generate/failures-reference.ts'
import type { Generator } from './generate/generator.ts'
import { metricsReference } from './generate/metrics-reference.ts'
import { openApi } from './generate/openapi.ts'
import { schemaSnapshot } from './generate/schema-snapshot.ts'
import { settingsReference } from './generate/settings-reference.ts'
import { ROOT } from './run.ts'

/**
 * `npm run generate` writes every generated file; with `--check` it writes nothing and fails when a file is stale. To
 * add a file, add its generator to this list.
 */
const GENERATORS: readonly Generator[] = [
  openApi,
  apiTypes,
  apiReference,
  errorsReference,
  failuresReference,
  metricsReference,
  settingsReference,
  schemaSnapshot,
]

const isCheck = process.argv.includes('--check')
const stale: string[] = []

for (const generate of GENERATORS) {
  for (const { path, content } of await generate()) {
    const file = join(ROOT, path)
    if ((await readFile(file, 'utf8').catch(() => undefined)) === content) continue
    stale.push(relative(ROOT, file))
    if (isCheck) continue
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}

if (stale.length === 0) console.log('All generated files are fresh.')
else if (isCheck) console.error(`Stale, run \`npm run generate\`:\n  ${stale.join('\n  ')}`)
else console.log(`Written:\n  ${stale.join('\n  ')}`)
process.exitCode = isCheck && stale.length > 0 ? 1 : 0
