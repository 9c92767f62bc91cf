import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import { harmless } from './text.ts'

/** The arguments of a command are wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'USAGE'
}

/** A failure as the command line reports it: the exit code, and the problem object that `--json` prints. */
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

// The hints of the API are for authors of HTTP requests. These replace them for users of the command line.
const HINTS: Readonly<Record<string, string>> = {
  SERVER_UNREACHABLE:
    'Start a server with `taskflow start`, or give the address of another with --url or TASKFLOW_URL.',
  UNAUTHENTICATED: 'Give an API key with --token or TASKFLOW_TOKEN. The key must be neither revoked nor expired.',
  USAGE: 'Run the command with --help to see its arguments and options.',
  REQUEST_MALFORMED:
    'Fix the fields or options named above, and run the command again. --help shows what each accepts.',
  TASK_INVALID: 'Fix the problem named above, and submit the task again.',
  WORKER_NOT_FOUND:
    'List the workers with `taskflow workers list`. A worker has a new id each time its process starts.',
  API_KEY_NOT_FOUND: 'List the keys with `taskflow keys list`.',
  FORBIDDEN: 'Ask an administrator for an API key whose role has this permission.',
}

/** Prints an error to stderr, as text or as JSON, and returns the exit code for it. */
export function reportFailure(error: unknown, { isJson }: { isJson: boolean }): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
  // A noun without a verb: commander has printed the help already.
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage
  const { problem, exitCode } = failureOf(error)
  process.stderr.write(isJson ? `${JSON.stringify(problem, null, 2)}\n` : asText(problem))
  // A bug in TaskFlow: the stack helps more than a hint.
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

function asText({ code, detail, hint, errors = [], requestId }: Failure['problem']): string {
  const advice = HINTS[code] ?? hint
  const lines = [
    styleText('red', asSentence(harmless(detail)), { stream: process.stderr }),
    ...errors.map(({ pointer, message }) => harmless(`  ${pointer || '(the whole body)'}  ${message}`)),
    ...(advice ? [harmless(advice)] : []),
    ...(code === 'INTERNAL' && requestId
      ? [`The server's log has details under the request id ${harmless(requestId)}.`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

function asSentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?)]$/.test(capital) ? capital : `${capital}.`
}
