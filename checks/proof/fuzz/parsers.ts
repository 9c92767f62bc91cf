import { matchesType, mistakeInQueues, mistakeInTypes, parseQueues } from '@taskflow/fleet'
import { firstIdAt, hasCode, isName, isUuid } from '@taskflow/kernel'
import { TaskFlow } from '@taskflow/sdk'
import { checkIdempotencyKey, readTask } from '@taskflow/tasks/admission'
import { asSent, parseJson } from '@taskflow/validation'
import { InvalidArgumentError } from 'commander'
import { isSecret } from '../../../modules/identity/src/secrets.ts'
import { fromNow, parseDurationMs } from '../../../packages/cli/src/duration.ts'
import { UsageError } from '../../../packages/cli/src/failure.ts'
import { gatherLabel, parseCount, parseMoment, readJson } from '../../../packages/cli/src/option-values.ts'
import { indented, pairs } from '../../../packages/cli/src/output.ts'
import { table } from '../../../packages/cli/src/table.ts'
import { cutTo, harmless, onOneLine, widthOf } from '../../../packages/cli/src/text.ts'
import { parseRetryAfterMs } from '../../../packages/sdk/src/backoff.ts'
import { refusal } from '../../../packages/sdk/src/reply.ts'
import { nearestName } from '../../../packages/server/src/nearest-name.ts'
import { clip, holdsNul, storable, storableJson } from '../../../packages/worker/src/runner/text.ts'
import { decodeMessage } from '../../../platform/brokers/src/rabbitmq/message.ts'
import { textArray } from '../../../platform/database/src/array-text.ts'
import { isMoment } from '../../../platform/validation/src/field-schemas.ts'

/** A function that reads text from outside, and the only error that it may throw. */
export interface Parser {
  readonly name: string
  read(text: string): unknown
  readonly mayThrow?: (error: unknown) => boolean
  /** Returns the flaw of a read value. */
  readonly flawOf?: (read: unknown, text: string) => string | undefined
}

const coded =
  (code: Parameters<typeof hasCode>[1]) =>
  (error: unknown): boolean =>
    hasCode(error, code)

const isArgumentError = (error: unknown): boolean => error instanceof InvalidArgumentError

const isWholeFrom =
  (least: number) =>
  (read: unknown): string | undefined =>
    Number.isSafeInteger(read) && (read as number) >= least ? undefined : `reads ${read}`

const isClean = (read: unknown): string | undefined =>
  /\p{Cc}/u.test(String(read).replaceAll('\n', '')) ? 'leaves a control character' : undefined

const isDate = (read: unknown): string | undefined =>
  Number.isNaN(Date.parse(String(read))) ? `reads ${read}, which is not a date-time` : undefined

/** Names a file or standard input, which this parser would read. */
const namesFile = (text: string): boolean => text === '-' || text.startsWith('@')

const one = [{ title: 'A', value: (row: string) => row, isFlexible: true }]

const refused = (status: number, headers: Record<string, string>): Response => new Response(null, { status, headers })

/** All functions that read text of callers, users or other machines. The API and the settings are separate areas. */
export const PARSERS: readonly Parser[] = [
  { name: 'isUuid', read: isUuid },
  { name: 'isName', read: isName },
  { name: 'isMoment', read: isMoment, flawOf: (read, text) => (read === true ? isDate(text) : undefined) },
  { name: 'isSecret', read: isSecret },
  {
    name: 'firstIdAt',
    read: (text) => (isMoment(text) ? firstIdAt(new Date(text)) : undefined),
    flawOf: (read) => (read === undefined || isUuid(String(read)) ? undefined : `makes ${read}`),
  },
  {
    name: 'parseQueues',
    read: (text) => parseQueues(text.split(',')),
    mayThrow: coded('SETTINGS_INVALID'),
    flawOf: (read, text) => {
      const again = (read as ReturnType<typeof parseQueues>).map(({ queue, weight }) =>
        weight === undefined ? queue : `${queue}=${weight}`,
      )
      return again.join() === text.replace(/=0+(?=[1-9])/g, '=') ? undefined : `reads ${again}`
    },
  },
  { name: 'mistakeInQueues', read: (text) => mistakeInQueues(text.split(',')) },
  { name: 'mistakeInTypes', read: (text) => mistakeInTypes(text.split(',')) },
  { name: 'matchesType', read: (text) => matchesType(text, text) },
  {
    name: 'nearestName',
    read: (text) => nearestName(text.slice(0, 5_000), ['port', 'workerName', 'databaseDirectUrl']),
  },
  {
    name: 'parseJson',
    read: (text) => parseJson(Buffer.from(text)),
    mayThrow: coded('REQUEST_MALFORMED'),
    flawOf: (read) => {
      const text = JSON.stringify(read)
      return JSON.stringify(parseJson(Buffer.from(text))) === text ? undefined : `does not read its own ${text}`
    },
  },
  { name: 'asSent', read: asSent, mayThrow: coded('REQUEST_MALFORMED') },
  {
    name: 'readTask',
    read: (text) =>
      readTask({ type: text, queue: text, title: text, labels: { [text]: text }, runAt: text, payload: text }),
    mayThrow: coded('REQUEST_MALFORMED'),
  },
  { name: 'checkIdempotencyKey', read: checkIdempotencyKey, mayThrow: coded('REQUEST_MALFORMED') },
  { name: 'textArray', read: (text) => textArray([text, null, text]) },
  { name: 'decodeMessage', read: decodeMessage },
  {
    name: 'parseRetryAfterMs',
    read: (text) => parseRetryAfterMs(text, 0),
    flawOf: (read) => (read === undefined || (read as number) >= 0 ? undefined : `reads ${read}`),
  },
  {
    name: 'refusal',
    read: (text) => refusal(refused(503, { 'retry-after': '1' }), text).message,
    flawOf: (read) => (typeof read === 'string' ? undefined : `returns ${read}`),
  },
  {
    name: 'new TaskFlow',
    read: (url) => new TaskFlow({ url }),
    mayThrow: (error) => error instanceof TypeError && error.message.startsWith('Expected `url`'),
  },
  {
    name: 'parseDurationMs',
    read: parseDurationMs,
    mayThrow: isArgumentError,
    flawOf: isWholeFrom(0),
  },
  { name: 'fromNow', read: (text) => (isMoment(text) ? fromNow(text, 0) : '') },
  { name: 'parseCount', read: parseCount, mayThrow: isArgumentError, flawOf: isWholeFrom(1) },
  { name: 'parseMoment', read: parseMoment, mayThrow: isArgumentError, flawOf: isDate },
  {
    name: 'gatherLabel',
    read: (text) => gatherLabel(text, { a: 'b' }),
    mayThrow: isArgumentError,
    flawOf: (read, text) =>
      Object.entries(read as object).some((pair) => pair.join('=') === text) ? undefined : 'loses the label',
  },
  {
    name: 'readJson',
    read: (text) => (namesFile(text) ? undefined : readJson('--payload', text)),
    mayThrow: (error) => error instanceof UsageError,
  },
  { name: 'harmless', read: harmless, flawOf: isClean },
  {
    name: 'onOneLine',
    read: onOneLine,
    flawOf: (read) => (String(read).includes('\n') ? 'leaves a line break' : isClean(read)),
  },
  {
    name: 'cutTo',
    read: (text) => cutTo(text, 10),
    flawOf: (read) => (widthOf(String(read)) > 10 ? `is ${widthOf(String(read))} wide` : undefined),
  },
  {
    name: 'table',
    read: (text) => table([text, 'b'], one, { width: 20 }),
    flawOf: (read) => ((read as string[]).length === 3 ? undefined : 'loses a row'),
  },
  { name: 'indented', read: indented },
  { name: 'pairs', read: (text) => pairs({ [text]: text }) },
  { name: 'storable', read: storable, flawOf: (read) => (/\0/.test(String(read)) ? 'leaves NUL' : undefined) },
  { name: 'storableJson', read: (text) => JSON.parse(storableJson(JSON.stringify(text))) },
  { name: 'holdsNul', read: holdsNul },
  {
    name: 'clip',
    read: (text) => clip(text, 20),
    flawOf: (read) => (Buffer.byteLength(String(read)) > 20 ? 'is too long' : undefined),
  },
]
