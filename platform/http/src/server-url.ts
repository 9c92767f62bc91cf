import type { AddressInfo } from 'node:net'

// Some systems refuse to connect to these; the loopback address of the same family is one of those they stand for.
const ALL_ADDRESSES: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Returns the URL at which the same machine reaches a server that listens on this address. */
export function serverUrl({ address, family, port }: AddressInfo): string {
  const reachable = ALL_ADDRESSES[address] ?? address
  return `http://${family === 'IPv6' ? `[${reachable}]` : reachable}:${port}`
}
