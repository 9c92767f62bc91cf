import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One atomic operation of Redis. Its file documents the effect, the keys and the arguments. */
export interface Script {
  readonly text: string
  /** The name of the script in Redis once it was sent. */
  readonly sha: string
}

function script(name: string): Script {
  const text = readFileSync(join(import.meta.dirname, 'scripts', `${name}.lua`), 'utf8')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

export const SCRIPTS = {
  publish: script('publish'),
  take: script('take'),
  release: script('release'),
  recover: script('recover'),
  depth: script('depth'),
}
