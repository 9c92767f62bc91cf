import fc from 'fast-check'

/** All bytes that one caller sends on a connection. */
export interface Wire {
  readonly what: string
  readonly bytes: Buffer
}

interface Request {
  readonly line?: string
  readonly headers?: readonly string[]
  readonly body?: string
}

const BODY = '{"type":"fuzz.wire"}'
const LENGTH = `Content-Length: ${BODY.length}`

const wire = (what: string, bytes: string | Buffer): Wire => ({ what, bytes: Buffer.from(bytes) })

/** Draws bytes that are nearly HTTP: truncated, oversized, scrambled, or with an ambiguous head. */
export function wireOf(authorization: string): fc.Arbitrary<Wire> {
  const common = ['Host: taskflow', `Authorization: ${authorization}`, 'Content-Type: application/json']
  const request = ({ line = 'POST /v1/tasks HTTP/1.1', headers = [LENGTH], body = BODY }: Request = {}): string =>
    `${[line, ...common, ...headers].join('\r\n')}\r\n\r\n${body}`
  const whole = request()
  const place = fc.nat(whole.length)
  return fc.oneof(
    fc.constantFrom(wire('a whole request', whole), wire('two requests at once', whole + whole)),
    place.map((at) => wire('a truncated request', whole.slice(0, at))),
    place.map((at) => wire('a request and a truncated one', whole + whole.slice(0, at))),
    fc
      .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([at, bytes]) =>
        wire('inserted bytes', Buffer.concat([Buffer.from(whole.slice(0, at)), bytes, Buffer.from(whole.slice(at))])),
      ),
    fc
      .tuple(place, fc.nat(20))
      .map(([at, length]) => wire('missing bytes', whole.slice(0, at) + whole.slice(at + length))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => wire('any bytes', Buffer.from(bytes))),
    fc.constantFrom(...LINES).map((line) => wire(`a first line ${line.slice(0, 60)}`, request({ line }))),
    fc
      .uniqueArray(fc.constantFrom(...HEADERS), { minLength: 1, maxLength: 2 })
      .map((headers) => wire(`headers ${headers.join(', ').slice(0, 80)}`, request({ headers: [LENGTH, ...headers] }))),
    fc.constantFrom(...LENGTHS).map((headers) => wire(`a length of ${headers.join(', ')}`, request({ headers }))),
    fc
      .constantFrom(...CHUNKS)
      .map((body) =>
        wire(`chunks ${JSON.stringify(body)}`, request({ headers: ['Transfer-Encoding: chunked'], body })),
      ),
  )
}

const LINES = [
  'POST /v1/tasks HTTP/9.9',
  'POST /v1/tasks HTTP/1.0',
  'POST /v1/tasks',
  'POST  /v1/tasks  HTTP/1.1',
  'FOO /v1/tasks HTTP/1.1',
  'post /v1/tasks HTTP/1.1',
  'POST http://elsewhere/v1/tasks HTTP/1.1',
  'POST //v1/tasks HTTP/1.1',
  'POST /v1/../v1/tasks HTTP/1.1',
  'POST * HTTP/1.1',
  'CONNECT taskflow:443 HTTP/1.1',
  'TRACE /v1/tasks HTTP/1.1',
  'PRI * HTTP/2.0',
  `POST /${'v'.repeat(20_000)} HTTP/1.1`,
  'POST /v1/tasks?a=\u0001 HTTP/1.1',
  'POST /v1/tasks#part HTTP/1.1',
]

const HEADERS = [
  'Host: another',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: websocket\r\nConnection: upgrade',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
  'Connection: close',
  'A header without a colon',
  ' folded: into the one before',
  ': without a name',
  'X-Nul: a\0b',
  'X-Break: a\rb',
  'X-Feed: a\nb',
  'X-Latin: \u00e9',
  'Content-Type: text/plain',
  'Authorization: Bearer other',
  `X-Huge: ${'h'.repeat(20_000)}`,
  Array.from({ length: 1_500 }, (_, index) => `X-${index}: x`).join('\r\n'),
]

const LENGTHS: readonly (readonly string[])[] = [
  ['Content-Length: -1'],
  ['Content-Length: 0'],
  ['Content-Length: 0x14'],
  ['Content-Length: 20, 20'],
  ['Content-Length: 20.0'],
  ['Content-Length: +20'],
  [`Content-Length: ${'9'.repeat(30)}`],
  ['Content-Length: 9007199254740993'],
  ['Content-Length: 500000'],
  [LENGTH, LENGTH],
  [LENGTH, 'Content-Length: 21'],
  [],
]

const CHUNKS = [
  `14\r\n${BODY}\r\n0\r\n\r\n`,
  `014;a=b\r\n${BODY}\r\n0\r\nTrailer: x\r\n\r\n`,
  `14\r\n${BODY}\r\n`,
  `14\r\n${BODY}`,
  `14\n${BODY}\n0\n\n`,
  `zz\r\n${BODY}\r\n0\r\n\r\n`,
  `-14\r\n${BODY}\r\n0\r\n\r\n`,
  `ffffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`,
  `10\r\n${BODY}\r\n0\r\n\r\n`,
  `0\r\n\r\n${BODY}`,
  '',
]
