/** Runs `journal-writer.ts` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  /** Complete lines printed so far. */
  lines(): string[]
  /** Resolves at the first line that starts so, or rejects when the process ends without one. */
  said(start: string): Promise<string>
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./journal-writer.ts', import.meta.url))

export function startChild(mode: 'write' | 'hold', dir: string): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, mode, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    output += part
  })
  const ended = once(child, 'close')
  const lines = () => output.split('\n').slice(0, -1)
  return {
    process: child,
    lines,
    said: start =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = lines().find(one => one.startsWith(start))
          if (line !== undefined) resolve(line)
        }
        child.stdout.on('data', look)
        ended.then(() => {
          look()
          reject(new Error(`the child ended without "${start}": ${output.slice(-500)}`))
        }, reject)
        look()
      }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
