#!/usr/bin/env node
/**
 * Starts the command line under a Node.js that runs TypeScript natively. This file is plain JavaScript for Node.js 18
 * and newer, because it runs under the Node.js of the machine. If that version is too old, this file starts the Node.js
 * of the npm package `node`, which is installed with TaskFlow, as a child process.
 */
import { spawn } from 'node:child_process'
import * as module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 24

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE && process.features.typescript) {
  if (process.pid === 1) endOnSignals()
  hideTypeStrippingWarning()
  // Caches the compiled modules without their types: from the second start on, loading takes half the time.
  module.enableCompileCache()
  await import('../src/main.ts')
} else {
  runUnder(bundledNode())
}

function bundledNode() {
  try {
    const folder = dirname(module.createRequire(import.meta.url).resolve('node/package.json'))
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    process.stderr.write(
      `TaskFlow needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n` +
        'Run `npm ci` in the folder of TaskFlow, which installs it, or install it yourself.\n',
    )
    process.exit(70)
  }
}

/**
 * Runs the command line in a child process. The IPC channel closes when this process ends, even by SIGKILL; then the
 * child stops.
 */
function runUnder(node) {
  const entry = fileURLToPath(new URL('../src/launched.js', import.meta.url))
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes. Forwarded, it would arrive twice, and the second means "stop at
      // once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`Cannot start ${node}: ${error.message}\nRun \`npm ci\` again.\n`)
    process.exit(70)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 70)))
}

/**
 * Ends process 1 on a signal. The kernel sends it only signals that it listens to, and it is the first process of a
 * container. Does nothing once a command listens by itself.
 */
function endOnSignals() {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
    })
  }
}

/** Early releases of Node.js 24 warn that type stripping is experimental, which does not concern users of TaskFlow. */
function hideTypeStrippingWarning() {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith('Type Stripping')) emitWarning(warning, ...rest)
  }
}
