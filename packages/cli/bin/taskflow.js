#!/usr/bin/env node
/**
 * Starts the command line under a Node.js that runs TypeScript natively. This file is plain JavaScript for
 * Node.js 18 and up, since it runs under whatever the machine has; where that is too old, it hands over to
 * the Node.js of the npm package `node`, which is installed with TaskFlow.
 */
import { spawn } from 'node:child_process'
import * as module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 24

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE && process.features.typescript) {
  hideTypeStrippingWarning()
  // Keeps the compiled form of what is loaded, types stripped: from the second start on it loads in half the time.
  module.enableCompileCache()
  await import('../src/main.ts')
} else {
  handOver(bundledNode())
}

function bundledNode() {
  try {
    const folder = dirname(module.createRequire(import.meta.url).resolve('node/package.json'))
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    process.stderr.write(
      `TaskFlow needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n` +
        'Install it, or run `npm ci` in the folder of TaskFlow, which brings one along.\n',
    )
    process.exit(70)
  }
}

/** The channel tells the child when this process is gone, even by SIGKILL, so that it never outlives it. */
function handOver(node) {
  const entry = fileURLToPath(new URL('../src/launched.js', import.meta.url))
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both; passed on it would arrive twice, and the second means "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`Cannot start ${node}: ${error.message}\nRun \`npm ci\` again.\n`)
    process.exit(70)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 70)))
}

/** Early releases of Node.js 24 warn that type stripping is experimental; that is no concern of the user. */
function hideTypeStrippingWarning() {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = (warning, ...rest) => {
    if (!String(warning).startsWith('Type Stripping')) emitWarning(warning, ...rest)
  }
}
