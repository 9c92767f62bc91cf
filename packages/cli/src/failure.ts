import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { harmless } from './text.ts'

/** What the user wrote cannot be done as written. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'USAGE'
}

/** A failure as it is told: the problem object of `--json`, and the words for people. */
interface Failure {
  readonly exitCode: ExitCode
  readonly problem: {
    readonly code: string
    readonly status?: number | undefined
    readonly detail: string
    readonly hint?: string | undefined
    readonly errors?: readonly { readonly pointer: string; readonly message: string }[]
    readonly requestId?: string | undefined
  }
}

// What the API advises is for whoever writes HTTP; these say the same to whoever types commands.
const HINTS: Readonly<Record<string, string>> = {
  SERVER_UNREACHABLE: 'Start a server with `taskflow start`, or name another with --url or TASKFLOW_URL.',
  UNAUTHENTICATED: 'Give an API key with --token or TASKFLOW_TOKEN; the key must be neither revoked nor expired.',
  USAGE: 'Add --help to see how it is used.',
  REQUEST_MALFORMED: 'Mend what is named, and run it again; --help shows what is expected.',
  TASK_INVALID: 'Mend what is named, and submit it again.',
  WORKER_NOT_FOUND: 'See the workers with `taskflow workers list`; a worker has a new id each time its process starts.',
  API_KEY_NOT_FOUND: 'See the keys with `taskflow keys list`.',
  FORBIDDEN: 'Ask an administrator for a key whose role has that permission.',
}

export function reportFailure(error: unknown, { isJson }: { isJson: boolean }): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
  // Asked for a noun without a verb: the help that was shown says all.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage
  const { problem, exitCode } = failureOf(error)
  process.stderr.write(isJson ? `${JSON.stringify(problem, null, 2)}\n` : inWords(problem))
  // A bug of ours: where it is says more than any advice.
  if (exitCode === EXIT.internal && problem.status === undefined) console.error(error)
  return exitCode
}

function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError || error instanceof UsageError) {
    return { exitCode: EXIT.usage, problem: { code: 'USAGE', detail: error.message.replace(/^error: /, '') } }
  }
  const { code = 'INTERNAL', status, message, hint, errors, requestId } = error as Error & Partial<Failure['problem']>
  return {
    exitCode: exitCodeOf({ code, status }),
    problem: { code, status, detail: message ?? String(error), hint, ...(errors?.length && { errors }), requestId },
  }
}

function inWords({ code, detail, hint, errors = [], requestId }: Failure['problem']): string {
  const advice = HINTS[code] ?? hint
  const lines = [
    styleText('red', asSentence(harmless(detail)), { stream: process.stderr }),
    ...errors.map(({ pointer, message }) => harmless(`  ${pointer || '(the whole)'}  ${message}`)),
    ...(advice ? [harmless(advice)] : []),
    ...(code === 'INTERNAL' && requestId ? [`The server's logs tell more under ${harmless(requestId)}.`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function asSentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?)]$/.test(capital) ? capital : `${capital}.`
}
