import { useApi } from '@taskflow/testing/given-api'
import { type MalformedRequest, malformedRequests } from '@taskflow/testing/malformed-requests'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { expect, test } from 'vitest'

const given = useApi()

/** Counts everything that a request could store, and lists the versions of the tasks. */
async function stored(): Promise<unknown> {
  const [row] = await rowsOf<object>(
    given.db,
    `select (select count(*) from task) as tasks, (select count(*) from finished_task) as finished,
            (select count(*) from task_event) as events, (select count(*) from api_key) as keys,
            (select count(*) from idempotency_key) as idempotency_keys,
            (select string_agg(xmin::text, ',' order by id) from task) as versions`,
  )
  return row
}

/** Returns what is wrong with the reply to a malformed request, or undefined if the reply is correct. */
async function complaint({ what, request, names, status }: MalformedRequest): Promise<string | undefined> {
  const reply = await given.send(request)
  const say = (fault: string): string => `${what}: ${fault} (${reply.status} ${reply.text.slice(0, 300)})`
  if (reply.status < 400 || reply.status > 499) return say('is not a 4xx')
  if (status !== undefined && reply.status !== status) return say(`is not ${status}`)
  if (reply.headers['content-type'] !== 'application/problem+json') return say('is no problem+json')
  const { type, title, code, detail, instance, hint, errors = [] } = reply.json
  if (type !== `/docs/errors#${code}` || !title || !detail || !hint) return say('is not a whole problem')
  if (instance === undefined || instance !== reply.headers['x-request-id'])
    return say('does not give the id of its request')
  if (/\bat .+:\d+:\d+|node_modules|\.ts\b/.test(reply.text)) return say('shows a stack')
  const said = `${detail} ${JSON.stringify(errors)}`
  return said.includes(names) || said.includes(JSON.stringify(names).slice(1, -1))
    ? undefined
    : say(`does not name ${names}`)
}

// Much longer than the test takes on an idle machine.
const TIMEOUT_MS = 60_000

test(
  'every malformed request is rejected with a problem that names the flaw, and changes nothing',
  async () => {
    const task = await given.call('POST', '/v1/tasks', { type: 'test.echo', delayMs: 3_600_000 })
    const requests = malformedRequests(task.json.id)
    const before = await stored()

    const complaints: string[] = []
    for (const request of requests) complaints.push(...[await complaint(request)].filter((each) => each !== undefined))

    expect(requests.length).toBeGreaterThan(300)
    expect(complaints).toEqual([])
    expect(await stored()).toEqual(before)
    expect(given.logged.filter((line) => JSON.parse(line).level >= 40)).toEqual([])
  },
  TIMEOUT_MS,
)
