#!/usr/bin/env node
// The launcher: starts the command with a Node that can run it. Plain JavaScript for any Node from 20 on;
// where that is older than 24, the Node that npm installed takes over.
import { spawn } from 'node:child_process'
import nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const wantedMajor = 24
const here = dirname(fileURLToPath(import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= wantedMajor) {
  // Stripping types costs about a second at each start; the cache gives it back.
  if (!process.env.NODE_COMPILE_CACHE) {
    nodeModule.enableCompileCache(join(here, 'node_modules/.cache/compile'))
  }
  await import('./main.ts')
} else {
  replaceBy(installedNode(), [...process.execArgv, ...process.argv.slice(1)])
}

/** Path of the Node that is a dependency of ours. */
function installedNode() {
  try {
    return join(
      dirname(nodeModule.createRequire(import.meta.url).resolve('node/package.json')),
      'bin/node',
    )
  } catch {
    process.stderr.write(
      `fuchsbau needs Node ${wantedMajor} and found ${process.version}. Run "npm ci" in ${here}: it brings one.\n`,
    )
    process.exit(1)
  }
}

/** Becomes that program where Node can; else runs it and hands on signals and the way it ended. */
function replaceBy(program, args) {
  if (process.execve) process.execve(program, [program, ...args], process.env)
  const child = spawn(program, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('error', (error) => {
    process.stderr.write(`fuchsbau: ${program} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
