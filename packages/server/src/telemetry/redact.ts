/**
 * Replaces secrets in what is logged, at any depth: values whose field names say that they are secret, and the
 * credentials in addresses. Works on copies.
 */
const CENSOR = '[secret]'

/** Names of secret fields, in lower case and without separators. */
const SECRET_NAME =
  /authorization|cookie|secret|token|passw|passphrase|credential|apikey|privatekey|accesskey|connectionstring|(?:authorization|device|user|auth)code$|codeverifier|clientassertion|sessionid|(?:database|redis|amqp).*url$/

/** The `code` of OAuth is a secret; error codes, which are in capital letters and digits, are not. */
const ERROR_CODE = /^[A-Z0-9_]+$/

const CREDENTIALS_IN_ADDRESS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi

export const redact = (value: unknown): unknown => redacted(value, [])

/** Redacts the value of a field, whose name may say that it is secret. */
export const redactField = (name: string, value: unknown): unknown => (isSecret(name, value) ? CENSOR : redact(value))

/** @param path the objects that contain the value, to recognise cycles */
function redacted(value: unknown, path: readonly object[]): unknown {
  if (typeof value === 'string') return value.replace(CREDENTIALS_IN_ADDRESS, `$1${CENSOR}@`)
  if (typeof value !== 'object' || value === null) return value
  if (path.includes(value)) return '[circular]'
  const { toJSON } = value as { toJSON?: unknown }
  const inside = [...path, value]
  if (typeof toJSON === 'function') return redacted(toJSON.call(value), inside)
  if (Array.isArray(value)) return value.map((item) => redacted(item, inside))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, isSecret(name, each) ? CENSOR : redacted(each, inside)]),
  )
}

function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (name === 'code') return typeof value === 'string' && !ERROR_CODE.test(value)
  return SECRET_NAME.test(name.toLowerCase().replaceAll(/[^a-z]/g, ''))
}
