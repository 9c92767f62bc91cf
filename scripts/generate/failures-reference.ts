import { ABORT_REASONS, FAILURES } from '@taskflow/tasks'
import type { Generator } from './generator.ts'
import { code, page, table } from './markdown.ts'

const ABOUT = `This page lists the failures that TaskFlow itself reports. The field \`error\` of a task, and of an attempt, has a
\`name\`, a \`message\` and a \`reason\`.

- A name never changes its meaning: branch on the name and the reason, not on the message.
- A name that is not on this page is that of an error that a handler threw, for example \`TypeError\` or
  \`PermanentError\`.
- [Operating](../guides/operating.md#the-dead-letter-queue) explains the reasons.
- A task that is cancelled while it waits for another attempt keeps the name of its last failure, with the reason
  \`cancelled\`.`

const ABOUT_ABORTS = `## Abort reasons

A worker stops an attempt by its AbortSignal. The handler finds one of these names in \`signal.reason.name\`.`

/** Writes docs/reference/failures.md. */
export const failuresReference: Generator = async () => {
  const failures = Object.entries(FAILURES).map(([name, { reasons, meaning, hint }]) => [
    `<a id="${name}"></a>${code(name)}`,
    reasons.map(code).join(', '),
    meaning,
    hint,
  ])
  const aborts = Object.entries(ABORT_REASONS).map(([name, { meaning, hint }]) => [code(name), meaning, hint])
  const content = page(
    'Failures',
    ABOUT,
    table(['name', 'reason', 'what happened', 'what to do'], failures),
    ABOUT_ABORTS,
    table(['name', 'what happened', 'what the handler should do'], aborts),
  )
  return [{ path: 'docs/reference/failures.md', content }]
}
