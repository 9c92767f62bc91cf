import fc from 'fast-check'

const ATTACKS = [
  "' or 1=1 --",
  "'; drop table task; --",
  '{{7*7}}',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '__proto__',
  'constructor.prototype',
  'a\r\nSet-Cookie: x=1',
  '<script>alert(1)</script>',
  '%00',
  '%ff%fe',
  '%',
  '%%%s%n',
  '\\',
  '_%',
  '\u202egnp.exe',
  '\ufeff',
  '\u2028',
  'ﬀ'.repeat(200),
  '9'.repeat(400),
  '0x10',
  '1e400',
  '-0',
  'NaN',
  'null',
  '[]',
  '{}',
  '{"v":1,"after":"x"}',
]

/** Text that often breaks parsers, queries and terminals. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ATTACKS),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom('a', '🧵', '%', '\\', '{', '"').chain((letter) => fc.nat(3_000).map((times) => letter.repeat(times))),
  // Text that looks like a cursor, of an unknown list or of a later version.
  fc.jsonValue({ maxDepth: 2 }).map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
)

const BODIES: readonly (readonly [what: string, body: string | Buffer])[] = [
  ['half an object', '{"type":"a"'],
  ['a word', 'hello'],
  ['white space', ' \n\t'],
  ['single quotes', "{'type':'a'}"],
  ['a trailing comma', '{"type":"a",}'],
  ['two values', '{"type":"a"}{"type":"b"}'],
  ['a duplicate name', '{"type":"a","type":"b"}'],
  ['NaN', '{"type":"a","payload":NaN}'],
  ['a byte order mark', '\ufeff{"type":"a"}'],
  ['UTF-16', Buffer.from('{"type":"a"}', 'utf16le')],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
  ['brackets that never close', '[{"a":'.repeat(2_000)],
  ['a string that never ends', `{"type":"${'a'.repeat(10_000)}`],
  ['a long number', `{"type":"a","payload":${'9'.repeat(10_000)}}`],
  ['many names', `{${Array.from({ length: 3_000 }, (_, index) => `"f${index}":0`).join(',')}}`],
  ['__proto__', '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}}}'],
]

/** Bodies that are not JSON, or truncated, oversized or scrambled JSON. */
export const hostileBody: fc.Arbitrary<{ readonly what: string; readonly body: string | Buffer }> = fc.oneof(
  fc.constantFrom(...BODIES).map(([what, body]) => ({ what, body })),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ what: 'any bytes', body: Buffer.from(bytes) })),
  fc
    .tuple(fc.json(), fc.nat())
    .map(([text, at]) => ({ what: 'truncated JSON', body: text.slice(0, at % (text.length + 1)) })),
  fc.json().map((body) => ({ what: 'any JSON', body })),
  fc
    .tuple(fc.constant('{"type":"a","payload":[1,"x"]}'), fc.nat(), fc.string({ unit: 'binary', maxLength: 3 }))
    .map(([text, at, inserted]) => ({
      what: 'scrambled JSON',
      body: text.slice(0, at % text.length) + inserted + text.slice((at % text.length) + inserted.length),
    })),
)

const HEADERS: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
  ['no credentials', { authorization: '' }],
  ['unknown credentials', { authorization: `Bearer tf_${'a'.repeat(43)}` }],
  ['strange credentials', { authorization: "Bearer ' or 1=1" }],
  ['a wrong content type', { 'content-type': 'text/plain' }],
  ['NDJSON in place of JSON', { 'content-type': 'application/x-ndjson' }],
  ['a form', { 'content-type': 'multipart/form-data; boundary=x' }],
  ['an invalid content type', { 'content-type': ';;;' }],
  ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
  ['a charset that never ends', { 'content-type': `application/json; charset=${'"'.repeat(2_000)}` }],
  ['a compressed body', { 'content-encoding': 'gzip' }],
  ['an unsupported reply type', { accept: 'image/png' }],
  ['an empty `Accept`', { accept: ',;q=,;;' }],
  ['a thousand ranges', { accept: 'a/b;q=0,'.repeat(1_000) }],
  ['a method override', { 'x-http-method-override': 'DELETE' }],
  ['another host', { host: 'evil.example' }],
  ['an ETag', { 'if-none-match': '*', 'if-match': 'W/"x", ""' }],
  ['an invalid key', { 'idempotency-key': 'clé' }],
  ['a huge header', { 'x-huge': 'h'.repeat(60_000) }],
]

/** Headers that are invalid, or do not belong to the request. */
export const hostileHeaders = fc.constantFrom(...HEADERS).map(([what, headers]) => ({ what, headers }))
