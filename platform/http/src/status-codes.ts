/**
 * The reason phrases of HTTP. An `import` would evaluate every export of the module, and three of its exports load an
 * HTTP client and WebSockets, which take 13 MiB and are never used.
 */
export const { STATUS_CODES } = process.getBuiltinModule('node:http')
