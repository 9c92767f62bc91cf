import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import type { Generator } from './generator.ts'

const INTRODUCTION = `# Errors

This page lists the error codes of TaskFlow. Every reply of the API that is not a success carries one of these codes,
and the command line prints them. A code never changes its meaning: branch on the code, not on the message.
`

/** Writes docs/reference/errors.md. */
export const errorsReference: Generator = async () => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, hint }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${title} | ${hint} |`,
  )
  const table = ['| Code | Status | Meaning | What to do |', '| --- | --- | --- | --- |', ...rows]
  return [{ path: 'docs/reference/errors.md', content: `${INTRODUCTION}\n${table.join('\n')}\n` }]
}
