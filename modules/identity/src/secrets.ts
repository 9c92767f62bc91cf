import { createHash, randomBytes } from 'node:crypto'

/** `tf_` and 32 random bytes in base64url. */
const SECRET = /^tf_[A-Za-z0-9_-]{43}$/

/** Returns a new random secret for an API key. */
export const newSecret = (): string => `tf_${randomBytes(32).toString('base64url')}`

/** Returns whether the text has the form of an API key's secret. */
export const isSecret = (text: string): boolean => SECRET.test(text)

/** Hashes a secret for storage. A slow hash would add nothing, because a secret has 256 random bits. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')
