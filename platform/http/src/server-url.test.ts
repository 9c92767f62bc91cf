import { expect, test } from 'vitest'
import { serverUrl } from './server-url.ts'

test.each([
  ['127.0.0.1', 'IPv4', 'http://127.0.0.1:80'],
  ['::1', 'IPv6', 'http://[::1]:80'],
  ['0.0.0.0', 'IPv4', 'http://127.0.0.1:80'],
  ['::', 'IPv6', 'http://[::1]:80'],
])('gives an address that works for %s', (address, family, url) => {
  expect(serverUrl({ address, family, port: 80 })).toBe(url)
})
