import { createHash, randomBytes } from 'node:crypto'

/** `tf_` and 32 random bytes as base64url. */
const SECRET = /^tf_[A-Za-z0-9_-]{43}$/

/** A new secret of an API key. */
export const newSecret = (): string => `tf_${randomBytes(32).toString('base64url')}`

export const isSecret = (text: string): boolean => SECRET.test(text)

/** As it is stored. With 256 bits of chance in a secret, a slow hash would add nothing. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')
