import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import type { Generator } from './generator.ts'

const INTRODUCTION = `# Errors

Every reply of the API that is not a success carries one of these codes; the command line prints the same. A code is
never reused for another meaning, so branch on it, and not on the words beside it.
`

/** docs/reference/errors.md */
export const errorsReference: Generator = async () => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, hint }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} | ${hint} |`,
  )
  const table = ['| Code | Status | Meaning | What to do |', '| --- | --- | --- | --- |', ...rows]
  return [{ path: 'docs/reference/errors.md', content: `${INTRODUCTION}\n${table.join('\n')}\n` }]
}
