/** Runs `member.ts` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Member {
  readonly process: ChildProcess
  /** Complete lines printed so far that start so, without their start. */
  said(start: string): string[]
  /** Resolves when `count` lines start so. Rejects when the process ends before. */
  heard(start: string, count?: number): Promise<void>
  /** Told to stop, and ended in good order. */
  stop(): Promise<void>
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./member.ts', import.meta.url))

export function startMember(dir: string, name: string, writers = 0): Member {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, dir, name, String(writers)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const parts = (rest + part).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  // It may be killed before it reads what it is told.
  child.stdin.on('error', () => {})
  const ended = once(child, 'close')
  const said = (start: string): string[] =>
    lines.filter(line => line.startsWith(start)).map(line => line.slice(start.length))
  return {
    process: child,
    said,
    heard: (start, count = 1) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (said(start).length < count) return
          child.stdout.off('data', look)
          resolve()
        }
        child.stdout.on('data', look)
        ended.then(() => {
          look()
          reject(new Error(`${name} ended without "${start}": ${lines.slice(-3).join(' | ')}`))
        }, reject)
        look()
      }),
    async stop() {
      child.stdin.write('stop\n')
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
