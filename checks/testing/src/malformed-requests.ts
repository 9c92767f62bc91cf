import { randomUUID } from 'node:crypto'
import { MAX_PAYLOAD_BYTES } from '@taskflow/testing/given-api'
import type { InjectOptions } from 'fastify'

/** A request that must be refused, and the field, part or rule that its problem must name. */
export interface MalformedRequest {
  readonly what: string
  readonly request: InjectOptions
  readonly names: string
  readonly status?: number
}

/** Requests that are wrong in every way we know, over all routes. `id` is a task that exists and is queued. */
export function malformedRequests(id: string): MalformedRequest[] {
  return [
    ...wrongFields(id),
    ...wrongJson(id),
    ...wrongContentTypes(id),
    ...wrongIds(),
    ...wrongQueries(id),
    ...wrongHeaders(id),
    ...wrongAddresses(),
    ...wrongBatches(),
    ...tooLarge(id),
  ]
}

const JSON_TYPE = { 'content-type': 'application/json' }

const json = (method: 'POST' | 'PATCH' | 'DELETE', url: string, body: unknown, headers = {}): InjectOptions => ({
  method,
  url,
  headers: { ...JSON_TYPE, ...headers },
  payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
})

const WORKER_VERBS = ['cordon', 'uncordon', 'drain'] as const

const short = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 40)

/** Values that are wrong for a field, by what the field takes. */
const NOT_A_STRING = [null, 5, true, ['a'], { a: 1 }]
const NOT_A_NAME = [...NOT_A_STRING, '', ' ', '-a', 'a b', 'ä', 'a\n', 'a/b', 'a'.repeat(129)]
const NOT_AN_INTEGER = [null, '5', 1.5, true, [], {}, 1e300]
const NOT_A_DURATION = [...NOT_AN_INTEGER, -1, 315_360_000_001]
const NOT_AN_OBJECT = [null, 'a', 5, true, []]
const NOT_A_MOMENT = [
  5,
  true,
  {},
  '',
  'soon',
  '2026-01-01',
  '2026-01-01T00:00:00',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01T00:00:00+99:00',
  '1969-12-31T23:59:59Z',
  '2201-01-01T00:00:00Z',
  '+002026-01-01T00:00:00Z',
]

const MANY_LABELS = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, 'x']))

const WRONG_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  type: NOT_A_NAME,
  queue: NOT_A_NAME,
  priority: [...NOT_A_STRING, 'urgent', 'HIGH', ''],
  runAt: [null, ...NOT_A_MOMENT],
  delayMs: NOT_A_DURATION,
  maxAttempts: [...NOT_AN_INTEGER, 0, -1, 101],
  retry: NOT_AN_OBJECT,
  'retry/baseMs': NOT_A_DURATION,
  'retry/factor': [null, '2', 0.5, 101],
  'retry/maxMs': [null, '2', -1],
  'retry/jitter': [null, 'half', 1],
  'retry/rounds': [1],
  timeouts: NOT_AN_OBJECT,
  'timeouts/startToCloseMs': [null, '5', 0, -1, 1.5],
  'timeouts/heartbeatMs': [null, '5', 0],
  'timeouts/never': [1],
  labels: [...NOT_AN_OBJECT, MANY_LABELS],
  'labels/a': [null, 1, {}, [], 'x'.repeat(257)],
  title: [null, 1, {}, 'x'.repeat(257)],
  description: [null, 1, [], 'x'.repeat(10_001)],
  retentionMs: NOT_A_DURATION,
}

const UNKNOWN_FIELDS = [
  'dedup',
  'dependsOn',
  'concurrencyKey',
  'rateKey',
  'fairnessKey',
  'weight',
  'callbackUrl',
  'Type',
  'run_at',
  'id',
  'state',
  'createdBy',
  'constructor',
  'toString',
]

/** `{ retry: { baseMs: value } }` for `retry/baseMs`. */
function withField(path: string, value: unknown): Record<string, unknown> {
  const [first = '', second] = path.split('/')
  return { [first]: second === undefined ? value : { [second]: value } }
}

function wrongFields(id: string): MalformedRequest[] {
  const submit = (fields: object): InjectOptions => json('POST', '/v1/tasks', { type: 'test.echo', ...fields })
  const edit = (fields: object): InjectOptions => json('PATCH', `/v1/tasks/${id}`, fields)
  const each = (fields: readonly string[], send: (fields: object) => InjectOptions, verb: string): MalformedRequest[] =>
    fields.flatMap((field) =>
      (WRONG_VALUES[field] ?? []).map((value) => ({
        what: `${verb} with ${field} ${short(value)}`,
        request: send(withField(field, value)),
        names: `/${field}`,
      })),
    )
  // Null clears these in an edit.
  const editable = ['queue', 'priority', 'maxAttempts', 'labels', 'labels/a']
  return [
    ...each(Object.keys(WRONG_VALUES), submit, 'submit'),
    ...each(editable, edit, 'edit'),
    ...UNKNOWN_FIELDS.flatMap((field) => [
      { what: `submit with unknown ${field}`, request: submit({ [field]: 'a' }), names: `/${field}` },
      { what: `edit with unknown ${field}`, request: edit({ [field]: 'a' }), names: `/${field}` },
    ]),
    ...NOT_A_MOMENT.map((runAt) => ({ what: `edit with runAt ${runAt}`, request: edit({ runAt }), names: '/runAt' })),
    { what: 'edit of nothing', request: edit({}), names: 'body' },
    { what: 'edit of the type', request: edit({ type: 'other' }), names: '/type' },
    { what: 'submit without a type', request: json('POST', '/v1/tasks', { payload: 1 }), names: '/type' },
    {
      what: 'submit with runAt and delayMs',
      request: submit({ runAt: '2030-01-01T00:00:00Z', delayMs: 5 }),
      names: '/delayMs',
    },
    { what: 'a label with a long name', request: submit({ labels: { ['n'.repeat(65)]: 'x' } }), names: '/labels/nnn' },
    { what: 'a label without a name', request: submit({ labels: { '': 'x' } }), names: '/labels/' },
    ...[5, {}, 'x'.repeat(501)].map((reason) => ({
      what: `cancel for ${short(reason)}`,
      request: json('POST', `/v1/tasks/${id}/cancel`, { reason }),
      names: '/reason',
    })),
    { what: 'cancel with force', request: json('POST', `/v1/tasks/${id}/cancel`, { force: true }), names: '/force' },
    ...WORKER_VERBS.map((verb) => ({
      what: `${verb} with force`,
      request: json('POST', `/v1/workers/${id}/${verb}`, { force: true }),
      names: '/force',
    })),
    { what: 'redrive to a queue', request: json('POST', `/v1/tasks/${id}/redrive`, { queue: 'a' }), names: '/queue' },
    ...wrongKeys(),
  ]
}

function wrongKeys(): MalformedRequest[] {
  const create = (fields: object) => json('POST', '/v1/api-keys', { name: 'ci', role: 'viewer', ...fields })
  return [
    ...NOT_A_NAME.map((name) => ({ what: `key named ${short(name)}`, request: create({ name }), names: '/name' })),
    ...[null, 'root', 'Admin', 5].map((role) => ({
      what: `key with role ${short(role)}`,
      request: create({ role }),
      names: '/role',
    })),
    ...NOT_A_MOMENT.map((expiresAt) => ({
      what: `key that expires ${short(expiresAt)}`,
      request: create({ expiresAt }),
      names: '/expiresAt',
    })),
    { what: 'key with a secret', request: create({ secret: 'tf_mine' }), names: '/secret' },
    { what: 'key without a role', request: json('POST', '/v1/api-keys', { name: 'ci' }), names: '/role' },
    {
      what: 'key with an idempotency key',
      request: json('POST', '/v1/api-keys', { name: 'ci', role: 'viewer' }, { 'idempotency-key': 'a' }),
      names: 'idempotency-key',
    },
  ]
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** Bodies that are no JSON, or JSON that could not be kept. */
const WRONG_BODIES: readonly (readonly [what: string, body: string | Buffer, names: string])[] = [
  ['nothing', '', 'empty'],
  ['white space', '  \n', 'JSON'],
  ['a word', 'hello', 'JSON'],
  ['half an object', '{"type":"a"', 'JSON'],
  ['a comma too many', '{"type":"a",}', 'JSON'],
  ['two values', '{"type":"a"}{"type":"b"}', 'JSON'],
  ['single quotes', "{'type':'a'}", 'JSON'],
  ['a comment', '{"type":"a"/**/}', 'JSON'],
  ['NaN', '{"type":"a","payload":NaN}', 'JSON'],
  ['a leading zero', '{"type":"a","payload":01}', 'JSON'],
  ['a raw newline in a string', '{"type":"a\n"}', 'JSON'],
  ['a raw NUL', '{"type":"a","payload":"\0"}', 'JSON'],
  ['a byte order mark alone', Buffer.from('\ufeff'), 'JSON'],
  ['two byte order marks', Buffer.from('\ufeff\ufeff{"type":"a"}'), 'JSON'],
  ['null', 'null', 'body'],
  ['a number', '5', 'body'],
  ['a string', '"a"', 'body'],
  ['an array', '[]', 'body'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'UTF-8'],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0x80, 0x22]), 'UTF-8'],
  ['a surrogate as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'UTF-8'],
  ['a cut character', Buffer.from([0x22, 0xe2, 0x82]), 'UTF-8'],
  ['UTF-16', Buffer.from('{"type":"a"}', 'utf16le'), 'JSON'],
  ['UTF-16 with its mark', Buffer.from('\ufeff{"type":"a"}', 'utf16le'), 'UTF-16'],
  ['an escaped NUL', '{"type":"a","payload":{"b":["\\u0000"]}}', '/payload/b/0'],
  ['a NUL in a name', '{"type":"a","payload":{"b\\u0000":1}}', 'NUL'],
  ['a lone high surrogate', '{"type":"a","payload":"\\ud800"}', '/payload'],
  ['a lone low surrogate', '{"type":"a","payload":["x\\udc00y"]}', '/payload/0'],
  ['surrogates the wrong way round', '{"type":"a","title":"\\udc00\\ud800"}', '/title'],
  ['a surrogate in a name', '{"type":"a","labels":{"\\ud800":"x"}}', 'surrogate'],
  ['an infinite number', '{"type":"a","payload":1e999}', '/payload'],
  ['an infinite negative number', '{"type":"a","payload":{"n":-1e999}}', '/payload/n'],
  ['an integer that loses digits', '{"type":"a","payload":9007199254740993}', '9007199254740993'],
  ['__proto__', '{"type":"a","payload":{"__proto__":{"admin":true}}}', '__proto__'],
  ['an escaped __proto__', '{"type":"a","\\u005f_proto__":{}}', '__proto__'],
  ['depth 65', `{"type":"a","payload":${nested(64)}}`, '64'],
  ['depth 100,000', `{"type":"a","payload":${nested(9_000)}}`, '64'],
  ['depth that never closes', '['.repeat(15_000), '64'],
  ['objects in objects', '{"a":'.repeat(2_000), '64'],
]

function wrongJson(id: string): MalformedRequest[] {
  const targets = [
    ['POST', '/v1/tasks'],
    ['POST', '/v1/tasks/batch'],
    ['PATCH', `/v1/tasks/${id}`],
    ['POST', '/v1/api-keys'],
    ['POST', `/v1/tasks/${id}/cancel`],
    ['POST', `/v1/tasks/${id}/redrive`],
    ['POST', `/v1/workers/${id}/drain`],
  ] as const
  return targets.flatMap(([method, url]) =>
    WRONG_BODIES.filter(([what]) => what !== 'nothing' || !/cancel|redrive|drain/.test(url)).map(
      ([what, body, names]) => ({
        what: `${method} ${url.replace(id, ':id')} with ${what}`,
        request: json(method, url, body),
        names,
      }),
    ),
  )
}

function wrongContentTypes(id: string): MalformedRequest[] {
  const types = [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'json',
    '/',
    'application/jsonp',
  ]
  const targets = [
    ['POST', '/v1/tasks'],
    ['POST', '/v1/tasks/batch'],
    ['PATCH', `/v1/tasks/${id}`],
    ['POST', '/v1/api-keys'],
  ] as const
  const body = '{"type":"a"}'
  return targets.flatMap(([method, url]) => [
    ...types.map((type) => ({
      what: `${method} ${url.replace(id, ':id')} as ${type}`,
      request: { method, url, headers: { 'content-type': type }, payload: body },
      names: type.includes('charset') ? 'UTF-8' : 'application/json',
      status: 415,
    })),
    ...(url.endsWith('/batch')
      ? []
      : [
          {
            what: `${method} ${url.replace(id, ':id')} as lines`,
            request: { method, url, headers: { 'content-type': 'application/x-ndjson' }, payload: body },
            names: 'application/json',
            status: 415,
          },
        ]),
    {
      what: `${method} ${url.replace(id, ':id')} without a content type`,
      request: { method, url, payload: Buffer.from(body) },
      names: 'application/json',
      status: 415,
    },
    {
      what: `${method} ${url.replace(id, ':id')} compressed`,
      request: { method, url, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, payload: body },
      names: 'gzip',
      status: 415,
    },
  ])
}

function wrongIds(): MalformedRequest[] {
  const ids = [
    '1',
    'abc',
    'null',
    '%20',
    '%00',
    '..%2f..%2fetc%2fpasswd',
    "' or 1=1 --",
    randomUUID().toUpperCase(),
    randomUUID().replaceAll('-', ''),
    `${randomUUID()}0`,
    `{${randomUUID()}}`,
  ]
  const targets = (id: string): InjectOptions[] => [
    { method: 'GET', url: `/v1/tasks/${id}` },
    { method: 'GET', url: `/v1/tasks/${id}/attempts` },
    { method: 'GET', url: `/v1/tasks/${id}/events` },
    { method: 'GET', url: `/v1/tasks/${id}/logs` },
    { method: 'POST', url: `/v1/tasks/${id}/cancel` },
    { method: 'POST', url: `/v1/tasks/${id}/redrive` },
    json('PATCH', `/v1/tasks/${id}`, { title: 'a' }),
    { method: 'DELETE', url: `/v1/api-keys/${id}` },
    { method: 'GET', url: `/v1/workers/${id}` },
    ...WORKER_VERBS.map((verb) => ({ method: 'POST' as const, url: `/v1/workers/${id}/${verb}` })),
  ]
  return ids
    .map((id) => (id.includes('%') ? id : encodeURIComponent(id)))
    .flatMap((id) =>
      targets(id).map((request) => ({ what: `${request.method} ${request.url}`, request, names: '`id`', status: 400 })),
    )
}

function wrongQueries(id: string): MalformedRequest[] {
  const get = (url: string, names: string, status = 400): MalformedRequest => ({
    what: `GET ${url.slice(0, 80)}`,
    request: { method: 'GET', url },
    names,
    status,
  })
  const lists = [
    '/v1/tasks',
    `/v1/tasks/${id}/attempts`,
    `/v1/tasks/${id}/events`,
    `/v1/tasks/${id}/logs`,
    '/v1/workers',
    '/v1/queues',
    '/v1/api-keys',
  ]
  const cursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const cursors = [
    'abc',
    '%20',
    'null',
    cursor(null),
    cursor([]),
    cursor('a'),
    cursor({ v: 2, after: id }),
    cursor({ v: 1 }),
    cursor({ v: 1, after: 5 }),
    cursor({ v: 1, after: ' ' }),
    cursor({ v: 1, after: "' or 1=1" }),
  ]
  return [
    ...lists.flatMap((list) => [
      ...['0', '201', '-1', '1.5', 'ten', '', '1&limit=2', '1e9'].map((limit) =>
        get(`${list}?limit=${limit}`, 'limit'),
      ),
      ...cursors.map((each) => get(`${list}?cursor=${each}`, 'cursor')),
      get(`${list}?cursor=${'a'.repeat(513)}`, 'cursor'),
      get(`${list}?page=2`, 'page'),
      get(`${list}?limit=5&Limit=5`, 'Limit'),
      get(`${list}?limit=%ff`, 'UTF-8'),
      get(`${list}?%zz`, 'UTF-8'),
      get(`${list}?a=%00`, 'NUL'),
    ]),
    ...['lost', 'queued,lost', 'QUEUED', 'queued,', ''].map((state) => get(`/v1/tasks?state=${state}`, 'state')),
    ...['urgent', '1', ''].map((priority) => get(`/v1/tasks?priority=${priority}`, 'priority')),
    ...['a%20b', '', '-', 'a'.repeat(129)].flatMap((name) => [
      get(`/v1/tasks?queue=${name}`, 'queue'),
      get(`/v1/tasks?type=${name}`, 'type'),
    ]),
    ...['soon', '2026-01-01', '2026-02-30T00:00:00Z', '0001-01-01T00:00:00Z', ''].flatMap((moment) => [
      get(`/v1/tasks?createdAfter=${moment}`, 'createdAfter'),
      get(`/v1/tasks?createdBefore=${moment}`, 'createdBefore'),
    ]),
    ...['error', 'payload,all', ''].map((include) => get(`/v1/tasks?include=${include}`, 'include')),
    get('/v1/tasks?q=', 'q'),
    get(`/v1/tasks?q=${'a'.repeat(257)}`, 'q'),
    get('/v1/tasks?label.=x', 'label.'),
    get(`/v1/tasks?label.${'a'.repeat(65)}=x`, 'label.'),
    get(`/v1/tasks?label.a=${'x'.repeat(257)}`, 'label.a'),
    get('/v1/tasks?label.a=1&label.a=2', 'label.a'),
    get('/v1/tasks?createdBy=', 'createdBy'),
    ...['-1', '60001', 'long', '1.5', ''].map((waitMs) => get(`/v1/tasks/${id}?waitMs=${waitMs}`, 'waitMs')),
    get(`/v1/tasks/${id}?wait=5`, 'wait'),
  ]
}

function wrongHeaders(id: string): MalformedRequest[] {
  const key = (value: string, url = '/v1/tasks'): MalformedRequest => ({
    what: `POST ${url} with key ${short(value)}`,
    request: json('POST', url, url.endsWith('batch') ? { tasks: [{ type: 'a' }] } : { type: 'a' }, {
      'idempotency-key': value,
    }),
    names: 'idempotency-key',
  })
  const token = (authorization: string): MalformedRequest => ({
    what: `credentials ${short(authorization)}`,
    request: { method: 'GET', url: '/v1/tasks', headers: { authorization } },
    names: authorization.startsWith('Bearer t') ? 'API key' : 'Authorization',
    status: 401,
  })
  return [
    ...['', 'k'.repeat(256), 'clé', 'a\tb'].flatMap((value) => [key(value), key(value, '/v1/tasks/batch')]),
    ...['Basic YTpi', 'Bearer', 'Bearer ', 'Bearer a b', 'Token abc', 'Bearer clé'].map(token),
    ...[`Bearer tf_${'a'.repeat(43)}`, 'Bearer tf_short', `Bearer t${'x'.repeat(9_000)}`, "Bearer t'--"].map(token),
    ...[
      'text/html',
      'image/*',
      'application/json;q=0',
      'application/json;q=0, */*',
      'application/vnd.taskflow.v2+json',
    ].flatMap((accept) =>
      ['/v1/tasks', `/v1/tasks/${id}`, '/health'].map((url) => ({
        what: `GET ${url.replace(id, ':id')} accepting ${accept}`,
        request: { method: 'GET' as const, url, headers: { accept } },
        names: 'Accept',
        status: 406,
      })),
    ),
    {
      what: 'an edit with a stale ETag',
      request: json('PATCH', `/v1/tasks/${id}`, { title: 'a' }, { 'if-match': '"stale"' }),
      names: 'If-Match',
      status: 412,
    },
    {
      what: 'an edit with a weak ETag',
      request: json('PATCH', `/v1/tasks/${id}`, { title: 'a' }, { 'if-match': 'W/"x"' }),
      names: 'If-Match',
      status: 412,
    },
  ]
}

function wrongAddresses(): MalformedRequest[] {
  const urls = ['/', '/v1', '/v2/tasks', '/v1/Tasks', '/v1/task', '/v1//tasks', '/admin', '/.env']
  const methods = [
    ['PUT', '/v1/tasks'],
    ['DELETE', '/v1/tasks'],
    ['PATCH', '/v1/tasks'],
    ['POST', '/health'],
    ['POST', '/v1/queues'],
    ['PATCH', `/v1/workers/${randomUUID()}`],
    ['OPTIONS', '/v1/tasks'],
    ['GET', '/v1/tasks/batch'],
    ['PUT', '/v1/tasks/batch'],
    ['GET', `/v1/tasks/${randomUUID()}/cancel`],
    ['POST', '/docs'],
  ] as const
  const unknown = [
    ['POST', `/v1/workers/${randomUUID()}/pause`],
    ['GET', '/v1/tasks/batch/x/y/z'],
  ] as const
  return [
    ...urls.map((url) => ({ what: `GET ${url}`, request: { method: 'GET' as const, url }, names: 'GET', status: 404 })),
    ...[...methods, ...unknown].map((each) => ({
      what: `${each[0]} ${each[1]}`,
      request: { method: each[0], url: each[1] },
      names: each[0],
      status: unknown.some(([, url]) => url === each[1]) ? 404 : 405,
    })),
    ...['/v1/tasks/%ff', '/v1/tasks/%', '/v1/queues/%c3%28', '/%e0%80'].map((url) => ({
      what: `GET ${url}`,
      request: { method: 'GET' as const, url },
      names: url,
      status: 400,
    })),
    ...[`/v1/tasks/${'a'.repeat(300)}`, `/v1/queues/${'a'.repeat(5_000)}`].map((url) => ({
      what: `GET ${url.slice(0, 20)}… of ${url.length} characters`,
      request: { method: 'GET' as const, url },
      names: 'path',
    })),
    ...['%00', 'a%20b', 'a'.repeat(129), "'"].map((name) => ({
      what: `GET /v1/queues/${name.slice(0, 20)}`,
      request: { method: 'GET' as const, url: `/v1/queues/${name}` },
      names: '`name`',
      status: 400,
    })),
  ]
}

function wrongBatches(): MalformedRequest[] {
  const batch = (body: unknown): InjectOptions => json('POST', '/v1/tasks/batch', body)
  const good = { type: 'test.echo' }
  return [
    { what: 'a batch without tasks', request: batch({}), names: '/tasks' },
    { what: 'an empty batch', request: batch({ tasks: [] }), names: '/tasks' },
    { what: 'a batch that is an array', request: batch([good]), names: 'body' },
    ...NOT_AN_OBJECT.map((tasks) => ({
      what: `a batch of ${short(tasks)}`,
      request: batch({ tasks }),
      names: '/tasks',
    })),
    ...NOT_AN_OBJECT.map((task) => ({
      what: `a batch with ${short(task)} in it`,
      request: batch({ tasks: [good, task] }),
      names: '/tasks/1',
    })),
    { what: 'a batch with one bad', request: batch({ tasks: [good, { ...good, x: 1 }] }), names: '/tasks/1/x' },
    {
      what: 'a batch with one that has two times',
      request: batch({ tasks: [good, { ...good, delayMs: 1, runAt: '2030-01-01T00:00:00Z' }] }),
      names: '/tasks/1/delayMs',
    },
    { what: 'a batch with options', request: batch({ tasks: [good], atomic: false }), names: '/atomic' },
    {
      what: 'a batch of 10,001',
      request: batch({ tasks: Array.from({ length: 10_001 }, () => good) }),
      names: '10000',
    },
    {
      what: 'a batch of 200,000 that are nothing',
      request: batch(`{"tasks":[${'0,'.repeat(200_000)}0]}`),
      names: '10000',
    },
  ]
}

function tooLarge(id: string): MalformedRequest[] {
  const payload = 'x'.repeat(MAX_PAYLOAD_BYTES)
  const large = { status: 413, names: String(MAX_PAYLOAD_BYTES) }
  const body = 'x'.repeat(1_000_000)
  return [
    { what: 'a payload too large', request: json('POST', '/v1/tasks', { type: 'a', payload }), ...large },
    {
      what: 'a batch with it',
      request: json('POST', '/v1/tasks/batch', { tasks: [{ type: 'a', payload }] }),
      ...large,
    },
    { what: 'an edit to it', request: json('PATCH', `/v1/tasks/${id}`, { payload }), ...large },
    {
      what: 'a body too large',
      request: json('POST', '/v1/tasks', { type: 'a', payload: body }),
      status: 413,
      names: 'bytes',
    },
    {
      what: 'an edit too large',
      request: json('PATCH', `/v1/tasks/${id}`, { payload: body }),
      status: 413,
      names: 'bytes',
    },
    { what: 'a key too large', request: json('POST', '/v1/api-keys', { name: body }), status: 413, names: 'bytes' },
    {
      what: 'a reason too large',
      request: json('POST', `/v1/tasks/${id}/cancel`, { reason: body }),
      status: 413,
      names: 'bytes',
    },
  ]
}
