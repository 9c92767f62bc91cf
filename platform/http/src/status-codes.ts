/**
 * The reason phrases of HTTP. Not by `import`: that evaluates every export of a module of Node.js, and three of this
 * one's load a whole HTTP client and WebSockets, 13 MiB that nobody uses here.
 */
export const { STATUS_CODES } = process.getBuiltinModule('node:http')
